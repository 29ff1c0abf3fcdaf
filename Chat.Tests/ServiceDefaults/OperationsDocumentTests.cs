using System.Reflection;
using System.Text.RegularExpressions;
using Chat.Tests.Documents;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

/// <summary>docs/OPERATIONS.md names every metric, every log line from Warning up, and every close code.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly string[] Projects = ["Chat.Api", "Chat.Sockets", "Edge.Proxy"];
    private static readonly string Document = Repository.Read("docs/OPERATIONS.md");

    [Fact]
    public void LogLines_FromWarningUp_AreAllExplained()
    {
        var events = new[] { typeof(Chat.Api.ChatServer).Assembly, typeof(global::Edge.Proxy.EdgeOptions).Assembly, typeof(Chat.Sockets.Loops.SocketLoop).Assembly, typeof(global::ServiceDefaults.ServiceDefaultsBuilder).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .Where(log => log is { Level: >= LogLevel.Warning }) // entries whose level is given at the call have None, which is above Warning
            .Select(log => log!.EventName!)
            .Distinct().ToList();

        Assert.True(events.Count > 20);
        Assert.DoesNotContain(events, name => !Document.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [Fact]
    public void Metrics_AreAllExplained()
    {
        var names = Projects
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*Metrics.cs", SearchOption.AllDirectories))
            .SelectMany(file => MetricName().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Distinct().ToList();

        Assert.True(names.Count > 20);
        Assert.DoesNotContain(names, name => !Document.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [Fact]
    public void CloseCodes_AreAllExplained()
    {
        var codes = typeof(Chat.Api.Connections.CloseReason).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => field.GetValue(null)).OfType<Chat.Api.Connections.CloseReason>().Select(reason => reason.Code).Distinct();

        Assert.DoesNotContain(codes, code => !Regex.IsMatch(Document, $@"^\| .*\b{code}\b.* \|", RegexOptions.Multiline));
    }

    [GeneratedRegex("\"(chat\\.[a-z_.]+)\"")]
    private static partial Regex MetricName();
}
