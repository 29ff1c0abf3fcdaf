using Chat.Bench.Reports;
using Chat.Bench.Systems;
using Chat.Bench.Workloads;

namespace Chat.Bench;

/// <summary>One workload after the other.</summary>
internal static class Runner
{
    private const int WarmingConnections = 200;

    public static async Task<List<Row>> RunAsync(BenchOptions options, Target target)
    {
        var progress = new Progress();
        var rows = new List<Row>();
        foreach (var workload in options.Workloads)
        {
            rows.Add(await RunAsync(workload, options, target, progress));
        }

        progress.End();
        return rows;
    }

    private static async Task<Row> RunAsync(Workload workload, BenchOptions options, Target target, Progress progress)
    {
        var counted = workload.Name == Workload.Idle ? 1 : options.Repetitions; // in a second run memory would not grow again
        var outcomes = new List<Outcome>();
        if (!options.IsQuick)
        {
            progress.Begin($"{workload.Title}, before it counts");
            outcomes.Add(await WarmAsync(workload, options, target, progress));
        }

        var uncounted = outcomes.Count;
        for (var i = 1; i <= counted; i++)
        {
            progress.Begin($"{workload.Title}, {i} of {counted}");
            outcomes.Add(await RunAsync(workload, options, target, progress, options.Seconds));
        }

        return new Row(workload, outcomes[uncounted..], outcomes.Select(outcome => outcome.Faults).Aggregate((one, other) => one + other),
            outcomes.Select(outcome => outcome.Complaint).FirstOrDefault(complaint => complaint is not null));
    }

    // Code that runs for the first time is compiled first, in the servers as well.
    private static Task<Outcome> WarmAsync(Workload workload, BenchOptions options, Target target, Progress progress) => workload.Name == Workload.Idle
        ? StormRun.RunAsync(workload with { Connections = Math.Min(workload.Connections, WarmingConnections) }, options, target, progress)
        : RunAsync(workload, options, target, progress, options.Seconds);

    private static Task<Outcome> RunAsync(Workload workload, BenchOptions options, Target target, Progress progress, double seconds) => workload.Name switch
    {
        Workload.Idle => IdleRun.RunAsync(workload, options, target, progress, seconds),
        Workload.Storm => StormRun.RunAsync(workload, options, target, progress),
        _ => LoadRun.RunAsync(workload, options, target, progress, seconds),
    };
}
