using Chat.Bench.Measuring;
using Chat.Bench.Reports;
using Chat.Bench.Systems;

namespace Chat.Bench.Workloads;

/// <summary>Silent connections: measures how much the servers' memory grows, and what they use while nothing happens.</summary>
internal static class IdleRun
{
    public static async Task<Outcome> RunAsync(Workload workload, BenchOptions options, Target target, Progress progress, double seconds)
    {
        using var crowd = await Crowd.GatherAsync(workload, options, target);
        var empty = Reading.Take(target.Processes);
        await progress.WatchAsync(crowd, crowd.ComeAsync(options.AtOnce));
        var came = Clock.Now;
        await progress.WatchAsync(crowd, Clock.UntilAsync(came + Clock.Of(2 * options.Warmup))); // until the servers have cleaned up after the connects
        var before = Reading.Take(target.Processes);
        await progress.WatchAsync(crowd, Clock.UntilAsync(Clock.Now + Clock.Of(seconds)));
        var after = Reading.Take(target.Processes);
        var ready = crowd.Ready;
        await crowd.LeaveAsync();
        var outcome = new Outcome { ConnectSeconds = (came - empty.At) / (double)Clock.Second, Ready = ready, Faults = Measured.FaultsOf(crowd), Complaint = crowd.Complaint };
        var grown = after.Servers.Zip(empty.Servers, (to, from) => to.Memory - from.Memory).ToArray();
        return Measured.With(outcome, target.Processes, (before, after), units: 0, (grown, ready));
    }
}
