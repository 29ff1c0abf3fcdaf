namespace ServiceDefaults;

/// <summary>Limits something to once in half a minute, such as a warning that would otherwise come with every request.</summary>
public sealed class NowAndThen(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private long _last = time.GetTimestamp() - (long)(Interval.TotalSeconds * time.TimestampFrequency);

    public bool IsTime()
    {
        var last = Interlocked.Read(ref _last);
        return time.GetElapsedTime(last) >= Interval && Interlocked.CompareExchange(ref _last, time.GetTimestamp(), last) == last;
    }
}
