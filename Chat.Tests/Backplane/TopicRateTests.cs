using Chat.Api.Backplane;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>How much of a topic's allowance is left for one node, which sees what others write only by the offsets of its own messages.</summary>
public sealed class TopicRateTests
{
    private static readonly byte[] Epoch = "e1"u8.ToArray();

    private readonly ManualTimeProvider _time = new();
    private readonly BackplaneOptions _options = new() { TopicMessagesPerSecond = 1000, TopicBytesPerSecond = 100_000 };
    private readonly TopicRate _rate;
    private long _offset;

    public TopicRateTests() => _rate = new TopicRate(_options, _time);

    // Other nodes write 50 messages a second, which is a twentieth of the limit, and nobody writes here for 40 s.
    [Fact]
    public void Messages_OfOthers_AreChargedToTheTimeInWhichTheyCame()
    {
        Write();
        _time.Advance(TimeSpan.FromSeconds(40));
        _offset += 2000;

        Write();

        for (var i = 0; i < 500; i++)
        {
            Write();
        }
    }

    // An earlier message is acknowledged after a later one. Its position says nothing of others.
    [Fact]
    public void Messages_OfOthers_AreChargedToTheirTime_WhicheverAcknowledgementIsFirst()
    {
        Write();
        var first = _offset;
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.True(_rate.TryTake(1));
        _rate.Acknowledged(Epoch, first);
        _offset += 2000;

        Write();

        for (var i = 0; i < 500; i++)
        {
            Write();
        }
    }

    // The same, with few messages that are large: 100 of 500 bytes in each of 40 s are half of the limit.
    [Fact]
    public void Bytes_OfOthers_AreChargedToTheTimeInWhichTheyCame()
    {
        for (var i = 0; i < 100; i++)
        {
            Write(bytes: 500);
        }

        _time.Advance(TimeSpan.FromSeconds(40));
        _offset += 4000;

        for (var i = 0; i < 100; i++)
        {
            Write(bytes: 500);
        }
    }

    // They write twice as much as is allowed. What nobody wrote before is not saved up for it.
    [Fact]
    public void Messages_OfOthers_AboveTheLimit_LeaveNothing()
    {
        Write();
        _time.Advance(TimeSpan.FromSeconds(40));
        Write();
        _time.Advance(TimeSpan.FromSeconds(10));
        _offset += 20_000;

        Write();

        Assert.False(_rate.TryTake(1));
        _time.Advance(TimeSpan.FromSeconds(0.99));
        Assert.False(_rate.TryTake(1));
        _time.Advance(TimeSpan.FromSeconds(0.02));
        Write();
    }

    private void Write(int bytes = 1)
    {
        Assert.True(_rate.TryTake(bytes), $"Refused at {_offset}.");
        _rate.Acknowledged(Epoch, ++_offset);
    }
}
