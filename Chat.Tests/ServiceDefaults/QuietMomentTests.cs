using ServiceDefaults.Memory;
using Xunit;

namespace Chat.Tests.ServiceDefaults;

public sealed class QuietMomentTests
{
    private const long MiB = 1024 * 1024;

    private readonly QuietMoments _moments = new(largestHeap: 64 * MiB);
    private TimeSpan _at;
    private TimeSpan _processor;
    private long _allocated;

    [Fact]
    public void OneIsBehindAStorm_OnceItIsOver_AndNoFurtherOneComes_UntilThereIsGarbageAgain()
    {
        Assert.False(IsOneAfter(processor: 0, allocated: MiB));
        Assert.False(IsOneAfter(processor: 0, allocated: 60 * MiB)); // it has not looked before, so the time is unknown
        Assert.False(IsOneAfter(processor: 0.11, allocated: 0));
        Assert.False(IsOneAfter(processor: 0, allocated: MiB)); // some clients are still arriving
        Assert.True(IsOneAfter(processor: 0.09, allocated: 0));

        Use(pause: 0.02);
        Assert.False(IsOneAfter(processor: 0, allocated: 0, seconds: 1000));
        Assert.False(IsOneAfter(processor: 0, allocated: (16 * MiB) - 1));
        Assert.False(IsOneAfter(processor: 0, allocated: 1));
        Assert.True(IsOneAfter(processor: 0, allocated: 0));
    }

    [Fact]
    public void NoneIs_WhereTheHeapIsSoLargeThatAllWouldWait()
    {
        Assert.False(IsOneAfter(processor: 0, allocated: 60 * MiB));
        Assert.False(IsOneAfter(processor: 0, allocated: 0, heap: (64 * MiB) + 1));
        Assert.True(IsOneAfter(processor: 0, allocated: 0, heap: 64 * MiB));
    }

    [Fact]
    public void AtMostATwoHundredthOfTheTime_IsSpentOnThem()
    {
        Assert.False(IsOneAfter(processor: 0, allocated: 60 * MiB));
        Assert.True(IsOneAfter(processor: 0, allocated: 0));
        Use(pause: 0.1);

        Assert.False(IsOneAfter(processor: 0, allocated: 60 * MiB, seconds: 10));
        Assert.False(IsOneAfter(processor: 0, allocated: 0, seconds: 9.9));
        Assert.True(IsOneAfter(processor: 0, allocated: 0, seconds: 0.2));
    }

    private bool IsOneAfter(double processor, long allocated, double seconds = 1, long heap = MiB)
    {
        _at += TimeSpan.FromSeconds(seconds);
        _processor += TimeSpan.FromSeconds(processor);
        _allocated += allocated;
        return _moments.MayCome(_allocated) && _moments.IsOne(new QuietMoments.Look(_at, _processor, _allocated, heap));
    }

    private void Use(double pause) => _moments.Used(new QuietMoments.Look(_at, _processor, _allocated, MiB), TimeSpan.FromSeconds(pause));
}
