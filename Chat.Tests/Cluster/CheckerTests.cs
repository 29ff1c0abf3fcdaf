using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>The acceptance scenario (bench/checker), shortened: a node and Redis die under traffic, and nothing is lost.</summary>
public sealed class CheckerTests(ITestOutputHelper output)
{
    [RedisFact]
    public async Task Checker_InAShortRun_FindsNothingLostDuplicatedOrReordered()
    {
        await using var checker = await ChildProcess.StartAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Checker.dll"), "--seconds", "6", "--members", "90", "--groups", "9"], new Dictionary<string, string>());

        await checker.ExitAsync().WaitAsync(TimeSpan.FromMinutes(2));

        output.WriteLine(checker.Output);
        Assert.Contains("lost 0, duplicated 0, reordered 0", checker.Output, StringComparison.Ordinal);
        Assert.Equal(0, checker.ExitCode);
    }
}
