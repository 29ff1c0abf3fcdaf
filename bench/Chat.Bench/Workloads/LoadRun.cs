using Chat.Bench.Measuring;
using Chat.Bench.Reports;
using Chat.Bench.Systems;

namespace Chat.Bench.Workloads;

/// <summary>One repetition of a workload whose members write.</summary>
internal static class LoadRun
{
    private const double Lead = 0.05; // so that all threads begin together

    public static async Task<Outcome> RunAsync(Workload workload, BenchOptions options, Target target, Progress progress, double seconds)
    {
        using var crowd = await Crowd.GatherAsync(workload, options, target);
        var began = Clock.Now;
        await progress.WatchAsync(crowd, crowd.ComeAsync(options.AtOnce));
        var outcome = new Outcome { ConnectSeconds = (Clock.Now - began) / (double)Clock.Second, Ready = crowd.Ready };
        if (crowd.Ready < crowd.Seating.Connections)
        {
            await crowd.LeaveAsync();
            return outcome with { Faults = Measured.FaultsOf(crowd), Complaint = crowd.Complaint };
        }

        var begin = Clock.Now + Clock.Of(Lead);
        var (from, to) = (begin + Clock.Of(options.Warmup), begin + Clock.Of(options.Warmup + seconds));
        crowd.Round.Measure(from, to);
        var writing = crowd.WriteAsync(new Period(begin, to));
        await progress.WatchAsync(crowd, Clock.UntilAsync(from));
        var (before, receivedBefore, bytesBefore) = (Reading.Take(target.Processes), crowd.Received, target.Redis?.BytesOut() ?? 0);
        await progress.WatchAsync(crowd, Clock.UntilAsync(to));
        var (after, receivedAfter, bytesAfter) = (Reading.Take(target.Processes), crowd.Received, target.Redis?.BytesOut() ?? 0);
        await writing;
        await crowd.DrainAsync();
        var copies = target.Redis?.Copies(workload.HasGroups ? "group" : "user", Marker.TextOf(crowd.Round.Run)) ?? 0;
        await crowd.LeaveAsync();
        var deliveries = receivedAfter - receivedBefore;
        outcome = outcome with
        {
            MessagesPerSecond = crowd.Counts.Sum(counts => counts.SentMeasured) / seconds,
            RedisBytesPerMessage = crowd.Counts.Sum(counts => counts.SentMeasured) is var sent and > 0 ? (bytesAfter - bytesBefore) / (double)sent : 0,
            RedisCopies = copies,
            DeliveriesPerSecond = deliveries / before.SecondsTo(after),
            Times = Measured.TimesOf(crowd.Counts.Select(counts => counts.Latency)),
            Faults = Measured.FaultsOf(crowd),
            Complaint = crowd.Complaint,
        };
        return Measured.With(outcome, target.Processes, (before, after), deliveries);
    }
}
