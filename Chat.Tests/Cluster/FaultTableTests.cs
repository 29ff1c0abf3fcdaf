using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>A quick run of the fault table's row with several faults (bench/Chat.Faults): things break under traffic, and nothing is lost.</summary>
public sealed class FaultTableTests(ITestOutputHelper output)
{
    [RedisFact]
    public async Task FaultTable_InAQuickRun_IsAsExpected()
    {
        await using var faults = await ChildProcess.StartAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Chat.Faults.dll"), "--quick", "--only", "in-turn"], new Dictionary<string, string>());

        await faults.ExitAsync().WaitAsync(TimeSpan.FromMinutes(2));

        output.WriteLine(faults.Output);
        Assert.Equal(0, faults.ExitCode);
    }
}
