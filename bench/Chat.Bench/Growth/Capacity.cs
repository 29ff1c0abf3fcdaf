using System.Globalization;

namespace Chat.Bench.Growth;

/// <summary>How many connections this machine's limits allow.</summary>
internal static class Capacity
{
    private const int Spare = 1000; // open files of a process other than connections
    private const int MostOfAProcess = 100_000;
    private const int PerNode = 50_000; // a node's default limit
    private const double Worthwhile = 1.2; // least growth from one point to the next

    /// <summary>The connections that one process of this program can hold.</summary>
    public static int OfProcess { get; } = Math.Clamp(OpenFiles() - Spare, 100, MostOfAProcess);

    /// <summary>The sizes to measure. Sizes beyond the limit are replaced by the limit, if that is sufficiently larger than the size before.</summary>
    public static IEnumerable<int> Within(IEnumerable<int> sizes, BenchOptions options)
    {
        var most = options.Urls.Count > 0 ? int.MaxValue : options.Nodes * Math.Min(OfProcess, PerNode - Spare); // nodes have the same limits
        var last = 0;
        foreach (var size in sizes.Select(size => Math.Min(size, most)).Where(size => size >= last * Worthwhile))
        {
            yield return last = size;
        }
    }

    private static int OpenFiles()
    {
        const string Limits = "/proc/self/limits";
        var line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] is { } soft && int.TryParse(soft, CultureInfo.InvariantCulture, out var files) ? files : MostOfAProcess;
    }
}
