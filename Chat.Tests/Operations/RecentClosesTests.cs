using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Operations;

public sealed class RecentClosesTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Closes_AreCountedByReason_ForTenMinutes()
    {
        var closes = new RecentCloses(_time);
        closes.Add(CloseReason.Draining);
        _time.Advance(TimeSpan.FromMinutes(5));
        closes.Add(CloseReason.SlowConsumer);
        closes.Add(CloseReason.SlowConsumer);
        Assert.Equal([(CloseReason.SlowConsumer, 2), (CloseReason.Draining, 1)], closes.Read());

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([(CloseReason.SlowConsumer, 2)], closes.Read());

        closes.Add(CloseReason.Draining); // takes the place of the first entry
        Assert.Equal([(CloseReason.SlowConsumer, 2), (CloseReason.Draining, 1)], closes.Read());

        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(closes.Read());
    }

    // There can be any number of them, and each would be kept for ten minutes.
    [Fact]
    public void Reasons_OfABackend_AreOne()
    {
        var closes = new RecentCloses(_time);
        for (var i = 0; i < 100; i++)
        {
            closes.Add(CloseReason.Disconnected with { Text = $"bye {i}" });
        }

        Assert.Equal([(CloseReason.Disconnected, 100)], closes.Read());
    }
}
