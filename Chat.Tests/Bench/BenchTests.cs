using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Bench;

/// <summary>The load generator with its own cluster: nothing is lost, and its table says so. Its speed is not checked.</summary>
public sealed class BenchTests(ITestOutputHelper output)
{
    [RedisFact]
    public async Task Workloads_InAQuickRun_LoseNothing_AndTheTableSaysSo()
    {
        var (exitCode, table) = await BenchProgram.RunAsync(output, "fanout", "pairs:max", "--window", "20", "--quick", "--seconds", "0.3");

        Assert.Equal(0, exitCode);
        Assert.All(
            ["deliveries/s", "CPU µs/delivery", "redis", "nodes", "generator", "median ms", "99.9 %", "lost", "doubled", "out of order", "in the kernel", "MiB"],
            column => Assert.Contains($" {column} ", table, StringComparison.Ordinal));
        Assert.All(["fanout:50", "pairs:max"], workload => Assert.Contains($"\n| {workload} ", table, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Program_WithoutAWorkload_SaysWhatThereIs()
    {
        var (exitCode, help) = await BenchProgram.RunAsync(output, "--quick");

        Assert.Equal(2, exitCode);
        Assert.All(["fanout", "rooms", "pairs", "idle", "storm", "--door", "--url", "--json"], word => Assert.Contains(word, help, StringComparison.Ordinal));
    }
}
