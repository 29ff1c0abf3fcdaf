using System.Globalization;

namespace Chat.Micro;

/// <summary>The result of a benchmark, new or from the file.</summary>
/// <param name="Ratio">Its time divided by that of the straightforward way, measured right beside it. Machines differ in speed, but hardly in this.</param>
/// <param name="Bytes">The bytes it allocates.</param>
internal sealed record Standing(double Ratio, long Bytes);

/// <summary>Tells whether a benchmark has become worse than in the file.</summary>
internal static class Verdict
{
    /// <summary>The factor by which a ratio may be larger without counting as worse: the difference between two runs on a quiet machine, and some more.</summary>
    public const double Tolerance = 1.3;

    private const int SpareBytes = 8;

    /// <summary>The verdict in words; empty if nothing became worse.</summary>
    public static string Of(Standing now, Standing? before) =>
        before is null ? "new"
        : now.Ratio > before.Ratio * Tolerance ? string.Create(CultureInfo.InvariantCulture, $"WORSE: {now.Ratio / before.Ratio:0.0} times the time")
        : now.Bytes > (before.Bytes * 1.05) + SpareBytes ? string.Create(CultureInfo.InvariantCulture, $"WORSE: {now.Bytes - before.Bytes} bytes more")
        : now.Ratio < before.Ratio / Tolerance || now.Bytes < (before.Bytes * 0.95) - SpareBytes ? "better"
        : "";

    public static bool IsWorse(string verdict) => verdict.StartsWith("WORSE", StringComparison.Ordinal);
}
