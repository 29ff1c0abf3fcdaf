using System.ComponentModel;
using Chat.Tests.Web;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Chat.Tests.NodeJs;

/// <summary>A test with the official JavaScript clients. Where Node.js or these are not available it is skipped, with the reason; where CI=true it
/// then fails instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Chat.Tests.NodeJs.NodeJsFactDiscoverer", "Chat.Tests")]
internal sealed class NodeJsFactAttribute : FactAttribute
{
    /// <summary>Whether the clients run in a browser.</summary>
    public bool NeedsChromium { get; set; }
}

/// <summary>As <see cref="NodeJsFactAttribute"/>, once for each row of data.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Chat.Tests.NodeJs.NodeJsTheoryDiscoverer", "Chat.Tests")]
internal sealed class NodeJsTheoryAttribute : TheoryAttribute;

public sealed class NodeJsFactDiscoverer(IMessageSink messages) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new NodeJsTestCase(messages, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

public sealed class NodeJsTheoryDiscoverer(IMessageSink messages) : TheoryDiscoverer(messages)
{
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        [new NodeJsTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, dataRow)];
}

/// <summary>Checks for the clients when the test is about to run, so that npm need not install anything just to list the tests.</summary>
internal sealed class NodeJsTestCase : XunitTestCase
{
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("For deserialization.")]
    public NodeJsTestCase()
    {
    }

    public NodeJsTestCase(IMessageSink messages, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, object[]? arguments = null)
        : base(messages, display, options, method, arguments)
    {
    }

    public override async Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink,
        IMessageBus messageBus,
        object[] constructorArguments,
        ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource)
    {
        var mustRun = Environment.GetEnvironmentVariable("CI") is "true" or "1";
        if (!mustRun)
        {
            SkipReason ??= await NodePackages.WhyNotAsync() ?? WhyNoChromium();
        }

        return await base.RunAsync(diagnosticMessageSink, messageBus, constructorArguments, aggregator, cancellationTokenSource);
    }

    private string? WhyNoChromium() =>
        Chromium.Program is null && TestMethod.Method.GetCustomAttributes(typeof(NodeJsFactAttribute)).Any(fact => fact.GetNamedArgument<bool>(nameof(NodeJsFactAttribute.NeedsChromium)))
            ? Chromium.WhyNot
            : null;
}
