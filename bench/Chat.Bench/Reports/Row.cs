using Chat.Bench.Workloads;

namespace Chat.Bench.Reports;

/// <summary>A workload and the outcomes of its repetitions.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Repetitions">The repetitions that count.</param>
/// <param name="Faults">The faults of all repetitions, also of those that do not count: a lost message is a lost message.</param>
/// <param name="Complaint">The first complaint.</param>
internal sealed record Row(Workload Workload, IReadOnlyList<Outcome> Repetitions, Faults Faults, string? Complaint)
{
    /// <summary>The median of each figure by itself.</summary>
    public Outcome Median { get; } = new()
    {
        Seconds = Of(Repetitions, one => one.Seconds),
        Ready = (int)Of(Repetitions, one => one.Ready),
        MessagesPerSecond = Of(Repetitions, one => one.MessagesPerSecond),
        DeliveriesPerSecond = Of(Repetitions, one => one.DeliveriesPerSecond),
        RedisBytesPerMessage = Of(Repetitions, one => one.RedisBytesPerMessage),
        RedisCopies = Of(Repetitions, one => one.RedisCopies),
        ConnectSeconds = Of(Repetitions, one => one.ConnectSeconds),
        Times = new(Of(Repetitions, one => one.Times.Median), Of(Repetitions, one => one.Times.P99), Of(Repetitions, one => one.Times.P999), Of(Repetitions, one => one.Times.Max)),
        Faults = Faults,
        Processes = [.. Repetitions[0].Processes.Select((_, i) => Of([.. Repetitions.Where(one => one.Processes.Count > i).Select(one => one.Processes[i])]))],
        Generator = Of([.. Repetitions.Select(one => one.Generator)]),
        OtherCores = Of(Repetitions, one => one.OtherCores),
    };

    private static ProcessUse Of(ProcessUse[] uses) => new(
        uses[0].Name, Of(uses, use => use.Cores), Of(uses, use => use.CpuPer), Of(uses, use => use.SystemShare), Of(uses, use => use.MemoryMiB), Of(uses, use => use.KiBPerConnection));

    private static double Of<T>(IReadOnlyCollection<T> all, Func<T, double> figure)
    {
        var sorted = all.Select(figure).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
