using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class TopicTableTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly MemoryBackplane _backplane = new();
    private readonly TopicTable _topics;
    private readonly Topic _name = Topic.Group("1");

    private readonly Topic _own = Topic.User("1");

    public TopicTableTests()
    {
        _topics = TestTopics.New(_clock);
        _topics.Attach(_backplane);
        _backplane.Listener = _topics;
    }

    public void Dispose() => _topics.Dispose();

    [Fact]
    public async Task Topic_OfSeveralConnections_IsSubscribedOnce()
    {
        var acquired = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _topics.AcquireAsync(_name))));

        Assert.Single(acquired.Distinct());
        Assert.Equal(["+group:1"], _backplane.Subscriptions);
    }

    [Fact]
    public async Task Topic_NobodyNeeds_IsUnsubscribedAfterAMoment()
    {
        var topic = await _topics.AcquireAsync(_own);
        _topics.Release(topic);
        _topics.Sweep();
        Assert.Equal(["+user:1"], _backplane.Subscriptions);

        _clock.Advance(TimeSpan.FromSeconds(1));
        _topics.Sweep();
        Assert.Equal(["+user:1", "-user:1"], _backplane.Subscriptions);
        Assert.False(_topics.TryFind(_own, out _));
    }

    [Fact]
    public async Task Topic_NeededAgainWithinTheMoment_StaysSubscribed()
    {
        _topics.Release(await _topics.AcquireAsync(_own));
        _clock.Advance(TimeSpan.FromMilliseconds(900));
        var again = await _topics.AcquireAsync(_own);
        _clock.Advance(TimeSpan.FromSeconds(5));
        _topics.Sweep();
        Assert.Equal(["+user:1"], _backplane.Subscriptions);

        _topics.Release(again);
        _topics.Sweep();
        Assert.Equal(["+user:1"], _backplane.Subscriptions); // the delay begins when the last member leaves
    }

    // A subscription counts as a sign that somebody is in the group. For a second after its last member had left, a write to the group was once
    // answered with "not in", although the group did not exist any more.
    [Fact]
    public async Task Group_NobodyIsIn_IsUnsubscribedAtOnce()
    {
        var first = await _topics.AcquireAsync(_name);
        var second = await _topics.AcquireAsync(_name);
        _topics.Release(first);
        Assert.Equal(["+group:1"], _backplane.Subscriptions);

        _topics.Release(second);
        Assert.Equal(["+group:1", "-group:1"], _backplane.Subscriptions);
        Assert.False(_topics.TryFind(_name, out _));
    }

    [Fact]
    public async Task Subscription_ThatFails_FailsEveryoneWhoWaitsForIt_AndIsTriedAgain()
    {
        var answer = new TaskCompletionSource();
        _backplane.BeforeSubscribed = () => answer.Task;
        var waiting = Enumerable.Range(0, 3).Select(_ => _topics.AcquireAsync(_name)).ToArray();
        answer.SetException(new BackplaneUnavailableException("Away."));
        foreach (var one in waiting)
        {
            await Assert.ThrowsAsync<BackplaneUnavailableException>(() => one);
        }

        _backplane.BeforeSubscribed = () => Task.CompletedTask;
        var topic = await _topics.AcquireAsync(_name);
        Assert.Equal(["+group:1", "+group:1"], _backplane.Subscriptions);
        Assert.Equal(["from e1:0", "e1:1 a"], Hear(topic, "a"));
        Assert.Equal(1, topic.References);
    }

    [Fact]
    public async Task Subscription_WhosePositionIsNotAnswered_IsGivenUp()
    {
        _backplane.BeforeRead = () => MemoryBackplane.Unavailable;

        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => _topics.AcquireAsync(_name));

        Assert.Equal(["+group:1", "-group:1"], _backplane.Subscriptions);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _topics.Sweep();
        Assert.Equal(["+group:1", "-group:1"], _backplane.Subscriptions);
    }

    [Fact]
    public async Task Topics_WaitForThemselvesAlone()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        _backplane.BeforeSubscribed = () =>
        {
            asked.SetResult();
            return answer.Task;
        };
        var slow = _topics.AcquireAsync(_name);
        await asked.Task;
        _backplane.BeforeSubscribed = () => Task.CompletedTask;

        await _topics.AcquireAsync(Topic.All);
        Assert.False(slow.IsCompleted);
        answer.SetResult();
        await slow;
    }

    [Fact]
    public async Task Message_PublishedBetweenSubscriptionAndPosition_IsNotDeliveredTwice()
    {
        var answer = new TaskCompletionSource();
        _backplane.BeforeRead = () => answer.Task;
        var acquiring = _topics.AcquireAsync(_name);
        await Eventually.TrueAsync(() => _backplane.Subscriptions.Count == 1);
        _backplane.Say(_name, "early");
        answer.SetResult();

        Assert.Equal(["from e1:1", "e1:2 a"], Hear(await acquiring, "a"));
    }

    [Fact]
    public async Task Topics_WhenSubscriptionsWereRestored_CatchUp()
    {
        RecordingConnection[] members = [new(1), new(2)];
        Topic[] names = [_name, Topic.All];
        for (var i = 0; i < 2; i++)
        {
            (await _topics.AcquireAsync(names[i])).Join(members[i]);
            _backplane.Say(names[i], "lost", lost: true);
        }

        _topics.OnRestored();

        await members[0].SeesAsync("e1:1 lost");
        await members[1].SeesAsync("e1:1 lost");
    }

    [Fact]
    public async Task Topic_WhoseLastMessageTheChannelLost_FindsItInTheLogOnceToldWhereThatEnds()
    {
        var member = new RecordingConnection();
        (await _topics.AcquireAsync(_name)).Join(member);
        _backplane.Say(_name, "lost", lost: true);

        _topics.OnHead("group:1"u8, "e1"u8, 1);

        await member.SeesAsync("e1:1 lost");
    }

    // The group's Redis came back empty, and nobody has written since, so no envelope reveals the new life.
    [Fact]
    public async Task Topic_ToldOfANewLifeOfItsLog_TellsItsMembers()
    {
        var member = new RecordingConnection();
        (await _topics.AcquireAsync(_name)).Join(member);
        _backplane.Redis.Restart();
        _backplane.Say(_name, "lost", lost: true);

        _topics.OnHead("group:1"u8, "e2"u8, 1);

        await member.SeesAsync("e2:1 lost");
        Assert.Equal(["from e1:0", "hole e2:0", "e2:1 lost"], member.Seen);
    }

    [Fact]
    public async Task Topic_ToldWhatItHas_DoesNotRead()
    {
        (await _topics.AcquireAsync(_name)).Join(new RecordingConnection());
        _backplane.Say(_name, "a");
        _backplane.BeforeRead = () => throw new InvalidOperationException("It has everything.");

        _topics.OnHead("group:1"u8, "e1"u8, 1);
        _topics.OnHead("group:2"u8, "e1"u8, 9);

        Assert.True(_topics.TryFind(_name, out var topic));
        Assert.False(topic!.Suspect("e1"u8, 1));
        Assert.True(topic.Suspect("e1"u8, 2)); // nothing has made it suspicious until now
    }

    [Fact]
    public async Task CatchingUp_WhileRedisIsAway_GoesOnUntilItIsBack()
    {
        var member = new RecordingConnection();
        (await _topics.AcquireAsync(_name)).Join(member);
        var reads = 0;
        _backplane.BeforeRead = () => ++reads < 3 ? MemoryBackplane.Unavailable : Task.CompletedTask;
        _backplane.Say(_name, "lost", lost: true);
        _backplane.Say(_name, "shown");

        await Eventually.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            return member.Seen.Length == 3;
        });
        Assert.Equal(["from e1:0", "e1:1 lost", "e1:2 shown"], member.Seen);
    }

    [Fact]
    public async Task Envelope_OfAnUnknownTopic_IsNobodysBusiness()
    {
        var member = new RecordingConnection();
        (await _topics.AcquireAsync(_name)).Join(member);

        _topics.OnEnvelope("group:2"u8, MemoryBackplane.Envelope(_name, "e1", 1, "a"));
        _topics.OnEnvelope(new byte[1000], MemoryBackplane.Envelope(_name, "e1", 1, "a"));
        _topics.OnEnvelope("group:1"u8, "garbage"u8);

        Assert.Equal(["from e1:0"], member.Seen);
    }

    private string[] Hear(LocalTopic topic, string msg)
    {
        var member = new RecordingConnection();
        topic.Join(member);
        _backplane.Say(topic.Topic, msg);
        return member.Seen;
    }
}
