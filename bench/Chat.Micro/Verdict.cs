using System.Globalization;

namespace Chat.Micro;

/// <summary>A benchmark as it came out, or as the file has it.</summary>
/// <param name="Ratio">Its time, in that of the straightforward way, which was measured right beside it: machines differ in speed, hardly in this.</param>
/// <param name="Bytes">What it allocates.</param>
internal sealed record Standing(double Ratio, long Bytes);

/// <summary>Whether a benchmark has become worse than the file has it.</summary>
internal static class Verdict
{
    /// <summary>By so much a ratio may be larger without being worse: what two runs on a quiet machine differ by, and some more.</summary>
    public const double Tolerance = 1.3;

    private const int SpareBytes = 8;

    /// <summary>In words; empty: as it was.</summary>
    public static string Of(Standing now, Standing? before) =>
        before is null ? "new"
        : now.Ratio > before.Ratio * Tolerance ? string.Create(CultureInfo.InvariantCulture, $"WORSE: {now.Ratio / before.Ratio:0.0} times the time")
        : now.Bytes > (before.Bytes * 1.05) + SpareBytes ? string.Create(CultureInfo.InvariantCulture, $"WORSE: {now.Bytes - before.Bytes} bytes more")
        : now.Ratio < before.Ratio / Tolerance || now.Bytes < (before.Bytes * 0.95) - SpareBytes ? "better"
        : "";

    public static bool IsWorse(string verdict) => verdict.StartsWith("WORSE", StringComparison.Ordinal);
}
