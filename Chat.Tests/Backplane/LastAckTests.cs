using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>Which acknowledgement a node looks for when Redis comes back as another life.</summary>
public sealed class LastAckTests
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(5);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Ack_OfAnotherLife_IsLookedForOnce()
    {
        var last = new LastAck(_clock);
        last.Note("life 1", "group:1"u8, "e1"u8, 7, repetition: 0);

        Assert.Null(last.OfAnotherLife("life 1", Age));
        var ack = last.OfAnotherLife("life 2", Age);
        Assert.Equal(("life 1", "e1", 7L), ack is null ? default : (ack.Life, ack.Epoch, ack.Offset));
        last.Settle(ack!, life: null);
        Assert.Null(last.OfAnotherLife("life 2", Age));
        Assert.Null(last.OfAnotherLife("life 3", Age));
    }

    [Fact]
    public void Ack_ThatALaterLifeHas_IsLookedForInTheNextOne()
    {
        var last = new LastAck(_clock);
        last.Note("life 1", "group:1"u8, "e1"u8, 7, repetition: 0);
        last.Settle(last.OfAnotherLife("life 2", Age)!, "life 2");

        Assert.Null(last.OfAnotherLife("life 2", Age));
        Assert.Equal(7, last.OfAnotherLife("life 3", Age)?.Offset);
    }

    // A topic is forgotten a week after its last message. Once, a node without an acknowledgement for longer than that took the topic's absence for a
    // loss, and told everybody of holes after a restart that had lost nothing.
    [Fact]
    public void Ack_OlderThanATopicIsRemembered_IsNotLookedFor()
    {
        var last = new LastAck(_clock);
        last.Note("life 1", "group:1"u8, "e1"u8, 7, repetition: 0);
        _clock.Advance(Age);

        Assert.Null(last.OfAnotherLife("life 2", Age));
    }
}
