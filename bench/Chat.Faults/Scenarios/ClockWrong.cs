using Chat.Faults.Systems;

namespace Chat.Faults.Scenarios;

internal sealed class ClockWrong() : Scenario(
    "clock", "The clock of one node is 10 minutes fast, and that node is killed", "the wrong clock makes no difference; no client is told of a hole")
{
    // Debian and Ubuntu: apt-get install faketime.
    private static readonly string? FakeTime =
        Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 }).FirstOrDefault() : null;

    public override ClusterOptions Cluster => new()
    {
        SecondNode = new Dictionary<string, string> { ["LD_PRELOAD"] = FakeTime!, ["FAKETIME"] = "+10m", ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0" },
    };

    public override string? WhyNot() => FakeTime is null ? "faketime is not installed (Debian, Ubuntu: apt-get install faketime)." : null;

    public override async Task BreakAsync(Stage stage)
    {
        var node = stage.Cluster.Take(1);
        using var answer = await node.Process.Http.GetAsync("alive");
        var ahead = (answer.Headers.Date ?? default) - DateTimeOffset.UtcNow;
        stage.Demand(ahead > TimeSpan.FromMinutes(9), "Its clock is right, so that nothing was tried.");
        await stage.RunAsync(seconds: 6);
        stage.Begin($"node {node.Id}, whose clock is wrong, is killed", node);
        await node.Process.KillAsync();
        stage.End("it is gone");
        await stage.RunAsync(seconds: 10);
    }
}
