using System.Text.Json;
using System.Text.RegularExpressions;
using Chat.Tests.Documents;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Chat.Tests.Deploying;

/// <summary>The alerts and the dashboard ask for metrics that exist, by the names that Prometheus gives them.</summary>
public sealed partial class MonitoringTests
{
    private static readonly HashSet<string> Exported = [.. Instruments().SelectMany(instrument => Names(instrument))];

    [Fact]
    public void Alerts_NameMetricsThatAreExported()
    {
        var rules = ((YamlSequenceNode)Assert.Single(YamlFile.Documents("deploy/prometheus/alerts.yml")).At("groups.0.rules")!).Children;

        Assert.True(rules.Count > 10);
        Assert.Equal(rules.Count, rules.Select(rule => rule.Text("alert")).Distinct().Count());
        Assert.All(rules, rule => Assert.All(Named(rule.Text("expr")!), name => Assert.Contains(name, Exported)));
        Assert.All(rules, rule => Assert.False(string.IsNullOrEmpty(rule.Text("annotations.summary")) || rule.Text("labels.severity") is not ("page" or "ticket")));
    }

    [Fact]
    public void Dashboard_NamesMetricsThatAreExported()
    {
        using var dashboard = JsonDocument.Parse(Repository.Read("deploy/grafana/chat.json"));
        var queries = dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray(), (_, target) => target.GetProperty("expr").GetString()!).ToList();

        Assert.True(queries.Count > 20);
        Assert.All(queries, query => Assert.All(Named(query), name => Assert.Contains(name, Exported)));
    }

    [Fact]
    public void Autoscaler_AsksForAMetricThatIsExported() => Assert.Contains(
        YamlFile.Documents("deploy/kubernetes/autoscaling.yaml")[0].Text("spec.metrics.0.external.metric.name")!, Exported);

    private static List<string> Named(string query)
    {
        var names = ExportedName().Matches(query).Select(match => match.Value).ToList();
        Assert.NotEmpty(names);
        return names;
    }

    private static IEnumerable<(string Kind, string Name, string Unit)> Instruments() => Repository.Files(".cs")
        .Where(file => file.EndsWith("Metrics.cs", StringComparison.Ordinal) && !file.StartsWith("Chat.Tests", StringComparison.Ordinal))
        .SelectMany(file => Creation().Matches(Repository.Read(file)))
        .Select(match => (match.Groups[1].Value, Texts: Quoted().Matches(match.Groups[2].Value).Select(text => text.Groups[1].Value).ToArray()))
        .Where(found => found.Texts.Length > 1 && found.Texts[0].StartsWith("chat.", StringComparison.Ordinal))
        .Select(found => (found.Value, found.Texts[0], found.Texts[1]));

    // By OpenTelemetry's specification: underscores, the unit at the end unless it is there already, _total behind counters. Text in braces is no unit.
    private static IEnumerable<string> Names((string Kind, string Name, string Unit) instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
        return instrument.Kind switch
        {
            "Histogram" => [name + "_bucket", name + "_count", name + "_sum"],
            "Counter" or "ObservableCounter" => [name + "_total"],
            _ => [name],
        };
    }

    [GeneratedRegex(@"meter\.Create(\w+)(?:<\w+>)?\((.*?)\);", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Creation();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\bchat_\w+")]
    private static partial Regex ExportedName();
}
