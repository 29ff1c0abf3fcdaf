using Chat.Bench.Measuring;
using Chat.Bench.Reports;
using Chat.Bench.Systems;
using Chat.Bench.Workloads;

namespace Chat.Bench.Growth;

/// <summary>Measures one family of points after the other, each on a cluster of its own. Where the nodes grow, each point has a cluster of its own.</summary>
internal static class GrowthRun
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2); // for one repetition of a point

    // Runs before the points of a fresh cluster, always the same, so that the code is compiled.
    private static readonly Workload Warming = new(Workload.Rooms) { Connections = 300, Group = 10, Writers = 10, Rate = 2000 };
    private static readonly Workload WarmingQuick = new(Workload.Rooms) { Connections = 20, Group = 10, Writers = 10, Rate = 20 };

    private const double WarmingSeconds = 20; // for half a minute a node recompiles code that has turned out to run often

    public static async Task<List<GrowthRow>> RunAsync(BenchOptions options)
    {
        var progress = new Progress();
        var rows = new List<GrowthRow>();
        foreach (var cluster in options.Growth.SelectMany(family => GrowthPlan.Of(family, options)).GroupBy(point => (point.Family, point.Nodes)))
        {
            rows.AddRange(await OfClusterAsync([.. cluster], options.With(cluster.Key.Nodes), progress));
        }

        progress.End();
        return rows;
    }

    private static async Task<List<GrowthRow>> OfClusterAsync(GrowthPoint[] points, BenchOptions options, Progress progress)
    {
        var rows = new List<GrowthRow>();
        progress.Begin($"{points[0].Family}: a cluster starts");
        await using var target = await Target.StartAsync(options);
        await using var silent = new SilentCrowd(options, target.Urls);
        progress.Begin($"{points[0].Family}: before it counts");
        await LoadRun.RunAsync(options.IsQuick ? WarmingQuick : Warming, options, target, progress, options.IsQuick ? options.Seconds : WarmingSeconds);
        foreach (var point in points)
        {
            progress.Begin($"{point.Family}: {point.Size}");
            try
            {
                rows.Add(await OfPointAsync(point, options, target, silent, progress).WaitAsync(Longest * options.Repetitions));
            }
            catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
            {
                // Larger points would take longer still. Work of this one that still runs ends with the cluster.
                var why = exception is TimeoutException ? $"not within {(Longest * options.Repetitions).TotalSeconds} s" : exception.Message;
                rows.AddRange(points[rows.Count..].Select(one => new GrowthRow(one, null, 0, why)));
                break;
            }
        }

        return rows;
    }

    private static async Task<GrowthRow> OfPointAsync(GrowthPoint point, BenchOptions options, Target target, SilentCrowd silent, Progress progress)
    {
        var began = Clock.Now;
        await silent.GrowAsync(point.Silent);
        var coming = (Clock.Now - began) / (double)Clock.Second;
        var outcomes = new List<Outcome>();
        for (var i = 0; i < options.Repetitions; i++)
        {
            outcomes.Add(await LoadRun.RunAsync(point.Workload, options, target, progress, options.Seconds));
        }

        var row = new Row(point.Workload, outcomes, outcomes.Select(outcome => outcome.Faults).Aggregate((one, other) => one + other),
            outcomes.Select(outcome => outcome.Complaint).FirstOrDefault(complaint => complaint is not null));
        return new GrowthRow(point, row, coming + row.Median.ConnectSeconds);
    }
}
