using System.Diagnostics;

namespace Chat.Bench.Measuring;

/// <summary>Microseconds since the program began, the same for all of its threads.</summary>
internal static class Clock
{
    public const long Second = 1_000_000;

    private static readonly long Began = Stopwatch.GetTimestamp();
    private static readonly double PerTick = (double)Second / Stopwatch.Frequency;

    public static long Now => (long)((Stopwatch.GetTimestamp() - Began) * PerTick);

    public static long Of(double seconds) => (long)(seconds * Second);

    public static Task UntilAsync(long time) => Task.Delay(TimeSpan.FromMicroseconds(Math.Max(0, time - Now)));
}
