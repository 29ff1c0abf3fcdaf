using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>The row of the fault table (bench/Chat.Faults) that has several faults, in a quick run: things break under traffic, and nothing is lost.</summary>
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
