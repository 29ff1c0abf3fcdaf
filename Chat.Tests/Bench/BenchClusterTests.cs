using System.Globalization;
using System.Text.Json;
using Chat.Tests.Cluster;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Bench;

/// <summary>The load generator with hub clients on a cluster that already runs: nothing is lost, and its JSON says so.</summary>
[Collection(OpenGroup.Name)]
public sealed class BenchClusterTests(OpenCluster cluster, ITestOutputHelper output) : NodeClusterTest(cluster, output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public async Task Workloads_OfHubClients_LoseNothing_AndTheJsonSaysSo()
    {
        var nodes = Cluster.Nodes.SelectMany((node, i) => new[] { "--url", $"{node.Address}", "--pid", string.Create(CultureInfo.InvariantCulture, $"node {i + 1}={node.Pid}") });
        var (exitCode, text) = await BenchProgram.RunAsync(
            _output, ["rooms:60", "storm", "idle:20", "--quick", "--seconds", "0.3", "--door", "hub", "--sockets", "select", "--json", .. nodes]);

        Assert.Equal(0, exitCode);
        using var report = JsonDocument.Parse(text.Split('\n').Single(line => line.StartsWith('{')));
        var workloads = report.RootElement.GetProperty("workloads").EnumerateArray().ToDictionary(one => one.GetProperty("workload").GetString()!);
        Assert.Equal(["rooms:60", "storm:30", "idle:20"], workloads.Keys);
        var (faults, median) = (workloads["rooms:60"].GetProperty("faults"), workloads["rooms:60"].GetProperty("median"));
        Assert.NotEqual(0, Number(faults, "expected"));
        Assert.Equal(Number(faults, "expected"), Number(faults, "received"));
        Assert.All(["lost", "doubled", "outOfOrder", "strange", "ended"], fault => Assert.Equal(0, Number(faults, fault)));
        Assert.Equal(["node 1", "node 2", "node 3"], median.GetProperty("processes").EnumerateArray().Select(process => process.GetProperty("name").GetString()!));
        Assert.True(Number(median.GetProperty("times"), "p99") >= Number(median.GetProperty("times"), "median"));
        Assert.Equal(30, Number(workloads["storm:30"].GetProperty("median"), "ready"));
        Assert.True(workloads["idle:20"].GetProperty("median").GetProperty("processes")[0].TryGetProperty("kiBPerConnection", out _));
    }

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
