using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Chat.Tests.Support;

/// <summary>A test that needs redis-server. Where that is not installed it is skipped, with the reason; where CI=true it then fails instead.</summary>
/// <remarks>In a class whose <see cref="RunsOnAttribute"/> names Garnet it always runs, so that one spec serves both servers.</remarks>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Chat.Tests.Support.RedisFactDiscoverer", "Chat.Tests")]
internal sealed class RedisFactAttribute : FactAttribute;

/// <summary>The server that the tests of a class run against.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RunsOnAttribute(RedisKind kind) : Attribute
{
    public RedisKind Kind => kind;
}

/// <summary>Marks a class whose tests need no server at all, though other classes of the same spec do.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RunsInMemoryAttribute : Attribute;

public sealed class RedisFactDiscoverer(IMessageSink messages) : IXunitTestCaseDiscoverer
{
    /// <summary>Null, or the reason why tests against this kind of server can't run.</summary>
    internal static string? WhyNot(Type testClass)
    {
        if (testClass.IsDefined(typeof(RunsInMemoryAttribute)))
        {
            return null;
        }

        var kind = testClass.GetCustomAttribute<RunsOnAttribute>()?.Kind ?? RedisKind.Redis;
        var mustRun = Environment.GetEnvironmentVariable("CI") is "true" or "1";
        return kind == RedisKind.Redis && !mustRun ? RedisCommandLine.WhyNoRedis : null;
    }

    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new RedisTestCase(messages, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

/// <summary>Decides about skipping when the test runs, since a spec's tests are the same methods in every class that derives from it.</summary>
internal sealed class RedisTestCase : XunitTestCase
{
#pragma warning disable CS0618 // xunit needs it for deserialization, as the message says.
    [Obsolete("Called by the de-serializer; should only be called by deriving classes for de-serialization purposes")]
    public RedisTestCase()
    {
    }
#pragma warning restore CS0618

    public RedisTestCase(IMessageSink messages, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(messages, display, options, method)
    {
    }

    protected override string? GetSkipReason(IAttributeInfo factAttribute) =>
        base.GetSkipReason(factAttribute) ?? RedisFactDiscoverer.WhyNot(TestMethod.TestClass.Class.ToRuntimeType());
}
