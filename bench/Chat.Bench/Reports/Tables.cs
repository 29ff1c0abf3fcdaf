using System.Globalization;
using System.Text;
using Chat.Bench.Workloads;

namespace Chat.Bench.Reports;

/// <summary>The report for people: a table for each kind of workload, then one of the processes.</summary>
internal static class Tables
{
    public static string Of(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        Add(text, [.. rows.Where(row => row.Workload.Writes)], LoadColumns);
        Add(text, [.. rows.Where(row => row.Workload.Name == Workload.Storm)], StormColumns);
        Add(text, [.. rows.Where(row => row.Workload.Name == Workload.Idle)], IdleColumns);
        AddProcesses(text, rows);
        foreach (var row in rows.Where(row => row.Complaint is not null))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\n{row.Workload.Title}: {row.Faults.Refused:N0} errors, {row.Faults.Ended:N0} connections ended; the first: {row.Complaint}");
        }

        foreach (var row in rows.Where(row => row.Median.OtherCores > 0.3))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\n{row.Workload.Title}: other programs took {row.Median.OtherCores:0.0} cores of this machine meanwhile. Do not compare these figures with others.");
        }

        return text.ToString().TrimStart();
    }

    private static IEnumerable<(string, Func<Row, string>)> LoadColumns(string[] kinds) =>
    [
        ("workload", row => row.Workload.Title),
        ("deliveries/s", row => Count(row.Median.DeliveriesPerSecond)),
        .. Cpu(kinds, "delivery"),
        .. Times(),
        ("lost", row => Count(row.Faults.Lost)),
        ("doubled", row => Count(row.Faults.Doubled)),
        ("out of order", row => Count(row.Faults.OutOfOrder)),
        ("of", row => Count(row.Faults.Expected)),
        .. Ended(),
    ];

    private static IEnumerable<(string, Func<Row, string>)> StormColumns(string[] kinds) =>
    [
        ("workload", row => row.Workload.Title),
        ("connects/s", row => Count(row.Median.Ready / row.Median.ConnectSeconds)),
        ("all in, s", row => Short(row.Median.ConnectSeconds)),
        .. Cpu(kinds, "connect"),
        .. Times(),
        .. Ended(),
    ];

    private static IEnumerable<(string, Func<Row, string>)> IdleColumns(string[] kinds) =>
    [
        ("workload", row => row.Workload.Title),
        .. kinds.Select(kind => ($"{kind}, KiB each", (Func<Row, string>)(row => Short(Sum(row, kind, use => use.KiBPerConnection))))),
        .. kinds.Select(kind => ($"{kind}, cores", (Func<Row, string>)(row => Short(Sum(row, kind, use => use.Cores))))),
        ("all in, s", row => Short(row.Median.ConnectSeconds)),
        .. Ended(),
    ];

    private static IEnumerable<(string, Func<Row, string>)> Cpu(string[] kinds, string per) =>
    [
        .. kinds.Length == 0 ? Array.Empty<(string, Func<Row, string>)>() : [($"CPU µs/{per}", row => Short(row.Median.Processes.Sum(use => use.CpuPer)))],
        .. kinds.Select(kind => (kind, (Func<Row, string>)(row => Short(Sum(row, kind, use => use.CpuPer))))),
        (kinds.Length == 0 ? $"generator, CPU µs/{per}" : "generator", row => Short(row.Median.Generator.CpuPer)),
    ];

    private static IEnumerable<(string, Func<Row, string>)> Times() =>
    [
        ("median ms", row => Short(row.Median.Times.Median)),
        ("99 %", row => Short(row.Median.Times.P99)),
        ("99.9 %", row => Short(row.Median.Times.P999)),
        ("max", row => Short(row.Median.Times.Max)),
    ];

    private static IEnumerable<(string, Func<Row, string>)> Ended() => [("ended", row => Count(row.Faults.Ended))];

    private static void AddProcesses(StringBuilder text, IReadOnlyList<Row> rows)
    {
        string[][] lines =
        [
            .. rows.SelectMany(row => row.Median.Processes.Append(row.Median.Generator).Select(use => new[]
            {
                row.Workload.Title, use.Name, Short(use.Cores), use.CpuPer > 0 ? Short(use.CpuPer) : "", $"{use.SystemShare * 100:0} %", Count(use.MemoryMiB),
            })),
        ];
        text.AppendLine().Append(Markdown.Table(["workload", "process", "cores", "CPU µs each", "in the kernel", "MiB"], lines));
    }

    private static void Add(StringBuilder text, IReadOnlyList<Row> rows, Func<string[], IEnumerable<(string Title, Func<Row, string> Cell)>> columns)
    {
        if (rows.Count > 0)
        {
            var all = columns([.. rows[0].Median.Processes.Select(KindOf).Distinct()]).ToList();
            text.AppendLine().Append(Markdown.Table([.. all.Select(column => column.Title)], [.. rows.Select(row => all.Select(column => column.Cell(row)).ToArray())]));
        }
    }

    public static double Sum(Row row, string kind, Func<ProcessUse, double> figure) => row.Median.Processes.Where(use => KindOf(use) == kind).Sum(figure);

    // "node 1" belongs to the nodes.
    public static string KindOf(ProcessUse use) => use.Name.Split(' ') is [var kind, _] ? kind + "s" : use.Name;

    public static string Count(double figure) => figure.ToString("N0", CultureInfo.InvariantCulture);

    // The measurements are good for three digits.
    public static string Short(double figure) => figure.ToString(Math.Abs(figure) switch { >= 100 => "N0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);
}
