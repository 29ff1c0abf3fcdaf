using System.Globalization;
using System.Text;
using Chat.Bench.Reports;

namespace Chat.Bench.Growth;

/// <summary>All points in one table.</summary>
internal static class GrowthTable
{
    public static string Of(IReadOnlyList<GrowthRow> rows)
    {
        string[] kinds = [.. rows.SelectMany(row => row.Row?.Median.Processes ?? []).Select(Tables.KindOf).Distinct().OrderByDescending(kind => kind, StringComparer.Ordinal)];
        (string Title, Func<Row, string> Cell)[] columns =
        [
            ("deliveries/s", row => Tables.Count(row.Median.DeliveriesPerSecond)),
            .. kinds.Select(kind => ($"{kind}, CPU µs/delivery", (Func<Row, string>)(row => Tables.Short(Tables.Sum(row, kind, use => use.CpuPer))))),
            ("median ms", row => Tables.Short(row.Median.Times.Median)),
            ("99 %", row => Tables.Short(row.Median.Times.P99)),
            .. kinds.Select(kind => ($"{kind}, cores", (Func<Row, string>)(row => Tables.Short(Tables.Sum(row, kind, use => use.Cores))))),
            .. kinds.Select(kind => ($"{kind}, MiB", (Func<Row, string>)(row => Tables.Count(Tables.Sum(row, kind, use => use.MemoryMiB))))),
            ("copies of a message", row => row.Median.RedisCopies is > 0 and var copies ? Tables.Short(copies) : ""),
            ("bytes from redis a message", row => row.Median.RedisBytesPerMessage is > 0 and var bytes ? Tables.Count(bytes) : ""),
            ("faults", row => Tables.Count(Faults(row))),
            ("of", row => Tables.Count(row.Faults.Expected)),
        ];
        var text = new StringBuilder(Markdown.Table(
            ["what grows", "to", "in after s", .. columns.Select(column => column.Title)],
            [.. rows.Select(row => (string[])
            [
                row.Point.Family, row.Point.Size, row.Row is null ? "" : Tables.Short(row.Coming), .. columns.Select(column => row.Row is null ? "" : column.Cell(row.Row)),
            ])]));
        foreach (var row in rows)
        {
            Note(text, row, row.Missing);
            Note(text, row, row.Row?.Complaint);
            Note(text, row, row.Row?.Median.OtherCores > 0.3 ? $"other programs took {Tables.Short(row.Row.Median.OtherCores)} cores of this machine meanwhile" : null);
        }

        return text.ToString();
    }

    private static double Faults(Row row) => row.Faults.Lost + row.Faults.Doubled + row.Faults.OutOfOrder + row.Faults.Strange + row.Faults.Ended;

    private static void Note(StringBuilder text, GrowthRow row, string? what)
    {
        if (what is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\n{row.Point.Family}, {row.Point.Size}: {what}");
        }
    }
}
