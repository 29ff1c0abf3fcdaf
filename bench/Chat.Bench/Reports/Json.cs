using System.Text.Encodings.Web;
using System.Text.Json;
using Chat.Bench.Growth;

namespace Chat.Bench.Reports;

/// <summary>The report for programs, in one line.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(string machine, string target, BenchOptions options, IReadOnlyList<Row> rows) => JsonSerializer.Serialize(
        new
        {
            machine,
            target,
            options.Door,
            options.Size,
            options.Threads,
            Workloads = rows.Select(Of),
        },
        Options);

    public static string Of(string machine, BenchOptions options, IReadOnlyList<GrowthRow> rows) => JsonSerializer.Serialize(
        new
        {
            machine,
            options.Door,
            options.Size,
            options.Threads,
            Growth = rows.Select(row => new { row.Point.Family, row.Point.Size, row.Point.Nodes, row.Point.Silent, row.Coming, row.Missing, Measured = row.Row is { } measured ? Of(measured) : null }),
        },
        Options);

    private static object Of(Row row) => new { Workload = row.Workload.Title, row.Workload.Connections, row.Faults, row.Median, row.Repetitions, row.Complaint };
}
