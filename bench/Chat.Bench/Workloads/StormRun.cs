using Chat.Bench.Measuring;
using Chat.Bench.Reports;
using Chat.Bench.Systems;

namespace Chat.Bench.Workloads;

/// <summary>Everybody connects at once.</summary>
internal static class StormRun
{
    public static async Task<Outcome> RunAsync(Workload workload, BenchOptions options, Target target, Progress progress)
    {
        using var crowd = await Crowd.GatherAsync(workload, options, target);
        var before = Reading.Take(target.Processes);
        await progress.WatchAsync(crowd, crowd.ComeAsync(options.AtOnce));
        var after = Reading.Take(target.Processes);
        var ready = crowd.Ready;
        await crowd.LeaveAsync();
        var outcome = new Outcome
        {
            ConnectSeconds = before.SecondsTo(after),
            Ready = ready,
            Times = Measured.TimesOf(crowd.Counts.Select(counts => counts.Connecting)),
            Faults = Measured.FaultsOf(crowd),
            Complaint = crowd.Complaint,
        };
        return Measured.With(outcome, target.Processes, (before, after), crowd.Seating.Connections); // refused connections took CPU as well
    }
}
