using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Connections;

public sealed class TokenBucketTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Bucket_LetsABurstThrough_ThenItsRate()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5, _clock);
        Assert.Equal(5, Take(ref bucket));

        _clock.Advance(TimeSpan.FromMilliseconds(300));
        Assert.Equal(3, Take(ref bucket));

        _clock.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(0, Take(ref bucket));
        _clock.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(1, Take(ref bucket));
    }

    [Fact]
    public void Bucket_AfterALongPause_HoldsNoMoreThanABurst()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5, _clock);
        Take(ref bucket);
        _clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(5, Take(ref bucket));
    }

    [Fact]
    public void Bucket_FullForALongTime_HoldsNoMoreThanABurst()
    {
        var bucket = new TokenBucket(rate: 10, burst: 5, _clock);
        _clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(5, Take(ref bucket));
    }

    [Fact]
    public void Bucket_WithoutARate_LetsEverythingThrough()
    {
        var bucket = new TokenBucket(rate: 0, burst: 1, _clock);

        Assert.Equal(1000, Take(ref bucket));
    }

    private static int Take(ref TokenBucket bucket)
    {
        var taken = 0;
        while (taken < 1000 && bucket.TryTake())
        {
            taken++;
        }

        return taken;
    }
}
