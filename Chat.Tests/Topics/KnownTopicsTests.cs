using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class KnownTopicsTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Topic_IsKnownForAWhileAfterItsLastUse()
    {
        var known = new KnownTopics(_clock);
        Assert.False(known.Touch("group:Łódź"u8));
        known.Add("group:Łódź");

        for (var i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(9));
            known.Sweep();
            Assert.True(known.Touch("group:Łódź"u8));
        }

        _clock.Advance(TimeSpan.FromMinutes(10));
        known.Sweep();
        Assert.Equal(0, known.Count);
        Assert.False(known.Touch("group:Łódź"u8));
    }

    [Fact]
    public async Task Topic_ThatWasJoined_IsKnown_AndSoItIsToWhoComesBack()
    {
        using var topics = TestTopics.New(_clock);
        topics.Attach(new MemoryBackplane());
        var topic = Topic.Group("1");
        Assert.False(topics.Knows(topic.Utf8Name.Span));

        var local = await topics.AcquireAsync(topic);
        Assert.True(topics.Knows(topic.Utf8Name.Span));
        topics.Release(local);
        _clock.Advance(TimeSpan.FromMinutes(1));
        topics.Sweep();

        Assert.False(topics.TryFind(topic, out _));
        Assert.True(topics.Knows(topic.Utf8Name.Span));
    }
}
