namespace Chat.Api.Connections;

/// <summary>A token bucket: lets through <c>rate</c> events a second in the long run, and <c>burst</c> at once. Not thread-safe: one reader owns it,
/// or a lock guards it.</summary>
internal struct TokenBucket(int rate, int burst, TimeProvider time)
{
    private double _tokens = burst;
    private long _filledAt = time.GetTimestamp();

    public bool TryTake(int count = 1, double share = 1)
    {
        if (!Has(count, share))
        {
            return false;
        }

        Take(count);
        return true;
    }

    /// <summary>Whether that many tokens are available now.</summary>
    /// <param name="count">How many.</param>
    /// <param name="share">How much of rate and burst this bucket has. However small the share, the burst is never less than
    /// <paramref name="count"/>: otherwise nothing of that size would get through, however long one waits.</param>
    public bool Has(int count, double share = 1)
    {
        if (rate == 0)
        {
            return true;
        }

        // Refill every time, not only when the bucket is empty: what flows in while it is full is lost.
        var now = time.GetTimestamp();
        var most = share < 1 ? Math.Max(count, burst * share) : burst;
        _tokens = Math.Min(most, _tokens + (time.GetElapsedTime(_filledAt, now).TotalSeconds * rate * share));
        _filledAt = now;
        return _tokens >= count;
    }

    /// <summary>Takes tokens that <see cref="Has"/> has found available, or more: then there are none until the excess has flowed in.</summary>
    public void Take(int count) => _tokens -= rate == 0 ? 0 : count;

    /// <summary>Whether less than half of the burst is available.</summary>
    public readonly bool IsLow(double share) => rate != 0 && _tokens < burst * share / 2;

    /// <summary>How long it takes until this many tokens are available, as of the last look.</summary>
    public readonly TimeSpan TimeUntil(int count) => rate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Max(0, count - _tokens) / rate);

    /// <summary>How long an empty bucket takes to fill.</summary>
    public readonly TimeSpan FillTime => rate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)burst / rate);
}
