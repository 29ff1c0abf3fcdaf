using System.Text.Encodings.Web;
using System.Text.Json;

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
            Workloads = rows.Select(row => new { Workload = row.Workload.Title, row.Workload.Connections, row.Faults, row.Median, row.Repetitions, row.Complaint }),
        },
        Options);
}
