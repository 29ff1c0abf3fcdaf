using System.Text.Json;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Bench;

/// <summary>The load generator's table of growing costs at its smallest: every family has a line, and nothing is lost. Its speed is not checked.</summary>
public sealed class GrowthTests(ITestOutputHelper output)
{
    [RedisFact]
    public async Task Growth_InAQuickRun_MeasuresEveryFamily()
    {
        var (exitCode, text) = await BenchProgram.RunAsync(output, "growth", "--quick", "--seconds", "0.3", "--json");

        Assert.Equal(0, exitCode);
        using var report = JsonDocument.Parse(text.Split('\n').Single(line => line.StartsWith('{')));
        var rows = report.RootElement.GetProperty("growth").EnumerateArray().ToArray();
        Assert.Equal(["members", "groups", "connections", "nodes", "nodes"], rows.Select(row => row.GetProperty("family").GetString()!));
        Assert.Equal([0, 0, 20, 0, 0], rows.Select(row => row.GetProperty("silent").GetInt32()));
        Assert.All(rows, row =>
        {
            var (faults, median) = (row.GetProperty("measured").GetProperty("faults"), row.GetProperty("measured").GetProperty("median"));
            Assert.NotEqual(0, faults.GetProperty("expected").GetInt64());
            Assert.Equal(faults.GetProperty("expected").GetInt64(), faults.GetProperty("received").GetInt64());
            Assert.Equal(1, median.GetProperty("redisCopies").GetDouble()); // there is one node
            Assert.True(median.GetProperty("redisBytesPerMessage").GetDouble() > 100); // at least as long as the message's text
        });
    }
}
