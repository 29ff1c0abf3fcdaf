namespace Chat.Api.Connections;

/// <summary>Lets through <c>rate</c> events a second for long and <c>burst</c> at once. Not thread-safe: one reader owns it.</summary>
internal struct TokenBucket(int rate, int burst, TimeProvider time)
{
    private double _tokens = burst;
    private long _filledAt = time.GetTimestamp();

    public bool TryTake(int count = 1)
    {
        if (rate == 0)
        {
            return true;
        }

        // Every time, not only when it is empty: what flows in while the bucket is full is gone.
        var now = time.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_filledAt, now).TotalSeconds * rate));
        _filledAt = now;
        if (_tokens < count)
        {
            return false;
        }

        _tokens -= count;
        return true;
    }
}
