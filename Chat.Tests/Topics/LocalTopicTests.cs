using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class LocalTopicTests
{
    private static readonly TopicMetrics Metrics = new(NoMeters.Instance);

    private readonly Topic _name = Topic.Group("1");
    private readonly MemoryBackplane _backplane = new();
    private readonly RecordingConnection _member = new();
    private readonly LocalTopic _topic;

    public LocalTopicTests() => _topic = new LocalTopic(_name, "node"u8.ToArray(), Metrics);

    [Fact]
    public async Task Envelopes_InOrder_AreDelivered()
    {
        await JoinAsync();
        Assert.False(_topic.Receive(Say("a")));
        Assert.False(_topic.Receive(Say("b")));

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b"], _member.Seen);
    }

    [Fact]
    public async Task Envelope_HeardTwice_IsDeliveredOnce()
    {
        await JoinAsync();
        var a = Say("a");
        _topic.Receive(a);
        Assert.False(_topic.Receive(a));

        Assert.Equal(["from e1:0", "e1:1 a"], _member.Seen);
    }

    [Fact]
    public async Task Envelope_DoesNotGoBackToTheConnectionItCameFrom()
    {
        await JoinAsync();
        var other = new RecordingConnection(2);
        _topic.Join(other);
        _topic.Receive(_backplane.Say(_name, "mine", via: 1));

        Assert.Equal(["from e1:0"], _member.Seen);
        Assert.Equal(["from e1:0", "e1:1 mine"], other.Seen);
    }

    [Fact]
    public async Task Gap_IsFilledFromTheLog_BeforeWhatShowedIt()
    {
        await JoinAsync();
        _topic.Receive(Say("a"));
        Say("b");
        Say("c");
        Assert.True(_topic.Receive(Say("d")));
        Assert.False(_topic.Receive(Say("e"))); // waits for the present fill
        Assert.Equal(["from e1:0", "e1:1 a"], _member.Seen);

        await _topic.FillAsync(_backplane);
        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "e1:3 c", "e1:4 d", "e1:5 e"], _member.Seen);
        Assert.False(_topic.Receive(Say("f")));
        Assert.Equal("e1:6 f", _member.Seen[^1]);
    }

    [Fact]
    public async Task Gap_LongerThanAPageAndThanWhatMayWait_IsFilledInOrder()
    {
        await JoinAsync();
        Say("lost");
        Assert.True(_topic.Receive(Say("shown")));
        for (var i = 0; i < 3000; i++)
        {
            _topic.Receive(Say("more"));
        }

        await _topic.FillAsync(_backplane);
        Assert.Equal(Enumerable.Range(1, 3002), _member.Seen.Skip(1).Select(OffsetOf));
    }

    [Fact]
    public async Task Gap_ThatTheLogNoLongerHolds_IsTold()
    {
        await JoinAsync();
        _topic.Receive(Say("a"));
        Say("gone");
        Say("kept");
        _backplane.Redis.Trim(_name, kept: 1);
        Assert.True(_topic.Receive(Say("d")));
        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e1:0", "e1:1 a", "hole e1:2", "e1:3 kept", "e1:4 d"], _member.Seen);
    }

    [Fact]
    public async Task Log_EmptiedByAge_IsToldAsAHole()
    {
        await JoinAsync();
        Say("gone");
        _backplane.Redis.Trim(_name, kept: 0);
        Assert.True(_topic.Suspect());
        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e1:0", "hole e1:1"], _member.Seen);
    }

    // Otherwise the topic would keep asking for it forever.
    [Fact]
    public async Task Log_ThatHoldsWhatIsNoEnvelope_IsPassedOver()
    {
        await JoinAsync();
        _backplane.Redis.Add(_name, "garbage"u8.ToArray());
        Assert.True(_topic.Suspect());
        await _topic.FillAsync(_backplane);
        Assert.False(_topic.Receive(Say("next")));

        Assert.Equal(["from e1:0", "hole e1:1", "e1:2 next"], _member.Seen);
    }

    [Fact]
    public async Task NewEpoch_IsTold_AndAllThatItHoldsFollows()
    {
        await JoinAsync();
        var old = Say("old");
        _topic.Receive(old);
        _backplane.Redis.Restart();
        Say("new");
        Assert.True(_topic.Receive(Say("newer")));
        await _topic.FillAsync(_backplane);
        Assert.Equal(["from e1:0", "e1:1 old", "hole e2:0", "e2:1 new", "e2:2 newer"], _member.Seen);

        Assert.False(_topic.Receive(old)); // late, from the ended epoch
        Assert.False(_topic.Receive(MemoryBackplane.Envelope(_name, "e1", 2, "late")));
        Assert.False(_topic.Receive(Say("newest")));
        Assert.Equal("e2:3 newest", _member.Seen[^1]);
        Assert.Equal(6, _member.Seen.Length);
    }

    // The epoch is two restarts old, or somebody made it up. That is no reason to stop the topic forever.
    [Fact]
    public async Task Envelope_OfAnEpochNobodyKnows_IsDropped()
    {
        await JoinAsync();
        Assert.True(_topic.Receive(MemoryBackplane.Envelope(_name, "e0", 7, "made up")));
        await _topic.FillAsync(_backplane);
        Assert.False(_topic.Receive(Say("a")));

        Assert.Equal(["from e1:0", "e1:1 a"], _member.Seen);
    }

    [Fact]
    public async Task Suspicion_BringsWhatTheChannelLostWithoutATrace()
    {
        await JoinAsync();
        Say("lost");
        Assert.True(_topic.Suspect());
        Assert.False(_topic.Suspect()); // one fill is enough
        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e1:0", "e1:1 lost"], _member.Seen);
    }

    // The fill's read may have been answered before the lost message was published.
    [Fact]
    public async Task Suspicion_DuringAFill_ReadsAgain()
    {
        await JoinAsync();
        _topic.Suspect();
        var reads = 0;
        _backplane.BeforeRead = () =>
        {
            if (++reads == 2)
            {
                return Task.CompletedTask;
            }

            Assert.False(_topic.Suspect());
            return Task.CompletedTask;
        };
        await _topic.FillAsync(_backplane);

        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task Signals_AndMessagesOfSeedNodes_WaitForNothing()
    {
        await JoinAsync();
        Say("lost");
        Assert.True(_topic.Receive(Say("shown")));
        Assert.False(_topic.Receive(MemoryBackplane.Envelope(_name, "", 0, "seed")));

        Assert.Equal(["from e1:0", "- seed"], _member.Seen);
    }

    [Fact]
    public async Task Member_ThatJoinsDuringAFill_GetsAllThatFollowsItsPosition()
    {
        await JoinAsync();
        Say("a");
        Assert.True(_topic.Receive(Say("b")));
        var late = new RecordingConnection(2);
        _topic.Join(late);
        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b"], late.Seen);
    }

    [Fact]
    public async Task Member_ThatLeft_GetsNothingMore()
    {
        await JoinAsync();
        RecordingConnection[] others = [new(2), new(3)];
        var members = others.Select(_topic.Join).ToArray();
        _topic.Leave(members[0]);
        _topic.Leave(members[0]);
        _topic.Receive(Say("a"));

        Assert.Equal(2, _topic.MemberCount);
        Assert.Equal(["from e1:0"], others[0].Seen);
        Assert.Equal(["from e1:0", "e1:1 a"], others[1].Seen);
        Assert.Equal(["from e1:0", "e1:1 a"], _member.Seen);
    }

    private static int OffsetOf(string seen) => int.Parse(seen.AsSpan(3, seen.IndexOf(' ', StringComparison.Ordinal) - 3), System.Globalization.CultureInfo.InvariantCulture);

    // Joins the first member, at the log's present end.
    private async Task JoinAsync()
    {
        Assert.False(_topic.Begin(await _backplane.ReadAsync(_name, "", 0, 0)));
        _topic.Join(_member);
    }

    private byte[] Say(string msg) => _backplane.Say(_name, msg);
}
