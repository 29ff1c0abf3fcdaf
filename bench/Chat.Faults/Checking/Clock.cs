using System.Diagnostics;

namespace Chat.Faults.Checking;

/// <summary>One clock for all times that are compared: the time since this program began.</summary>
internal static class Clock
{
    private static readonly long Began = Stopwatch.GetTimestamp();

    public static TimeSpan Now => Stopwatch.GetElapsedTime(Began);
}
