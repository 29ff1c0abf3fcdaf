using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

/// <summary>Redis began another life: a log's epoch ended, and the next one continues from it.</summary>
public sealed class LineageTests
{
    private readonly Topic _name = Topic.Group("1");
    private readonly MemoryBackplane _backplane = new();
    private readonly RecordingConnection _member = new();
    private readonly LocalTopic _topic;

    public LineageTests() => _topic = new LocalTopic(_name, "node"u8.ToArray(), new TopicMetrics(NoMeters.Instance));

    [Fact]
    public async Task Life_ThatLostNothing_IsNoHole()
    {
        await HearAsync("a", "b");
        _backplane.Redis.BeginLife(_name, "L2");

        await CatchUpAsync();
        _topic.Receive(_backplane.Say(_name, "c"));

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "e2:3 c"], _member.Seen);
    }

    [Fact]
    public async Task Envelope_OfTheNextEpoch_MakesTheTopicGoOver()
    {
        await HearAsync("a");
        _backplane.Redis.BeginLife(_name, "L2");
        _backplane.Say(_name, "b", lost: true);

        Assert.True(_topic.Receive(_backplane.Say(_name, "c")));
        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e1:0", "e1:1 a", "e2:2 b", "e2:3 c"], _member.Seen);
    }

    // The offset of the lost message is given again. By offsets alone, the next message would be taken for one that was delivered already.
    [Fact]
    public async Task Life_ThatLostTheLastMessage_IsAHole_FromWhereTheHistoriesPart()
    {
        await HearAsync("a", "b");
        _backplane.Redis.BeginLife(_name, "L2", lost: 1);
        _backplane.Say(_name, "b2", lost: true);

        await CatchUpAsync();

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "hole e2:1", "e2:2 b2"], _member.Seen);
    }

    // No node had delivered the lost message, so no position reveals the loss. The node that had received its acknowledgement does.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Life_KnownToHaveLostSomething_IsAHole_WhenEverThatBecomesKnown(bool isKnownBefore)
    {
        await HearAsync("a");
        _backplane.Redis.BeginLife(_name, "L2");
        if (isKnownBefore)
        {
            Break();
        }

        await CatchUpAsync();
        if (!isKnownBefore)
        {
            Assert.True(Break());
            await _topic.FillAsync(_backplane);
        }

        _topic.Receive(_backplane.Say(_name, "b"));

        Assert.Equal(["from e1:0", "e1:1 a", "hole e3:1", "e3:2 b"], _member.Seen);
    }

    // The client received the first message of the new life, and was away when its node heard that an earlier message is lost.
    [Fact]
    public async Task Position_BehindALoss_ThatBecameKnownLater_IsToldOfItOnce()
    {
        await HearAsync("a");
        _backplane.Redis.BeginLife(_name, "L2");
        await CatchUpAsync();
        _topic.Receive(_backplane.Say(_name, "b"));

        Assert.True(Break());
        await _topic.FillAsync(_backplane);

        Assert.Equal(["hole e3:0", "e1:1 a", "e2:2 b"], await ResumeAsync("e2", 2));
        Assert.Equal(["from e3:2"], await ResumeAsync("e3", 2));
    }

    // The page was read before the loss was known, and arrives after all topics have heard of it.
    [Fact]
    public async Task Loss_ThatBecameKnown_WhileTheFirstPageWasOnItsWay_IsTold()
    {
        _backplane.Say(_name, "a");
        _backplane.Redis.BeginLife(_name, "L2");
        var page = await _backplane.ReadAsync(_name, "", 0, 0);
        Assert.False(Break());

        Assert.True(_topic.Begin(page));
        _topic.Join(_member);
        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e2:1", "hole e3:1"], _member.Seen);
    }

    // Members that are there already when the hole is told have their position behind it.
    [Fact]
    public async Task Loss_ThatAnotherNodeKnewBefore_IsToldOnce()
    {
        await HearAsync("a");
        _backplane.Redis.BeginLife(_name, "L2");
        await CatchUpAsync();
        _backplane.Redis.Broken.TryAdd("L2");
        await _backplane.ReadAsync(_name, "", 0, 0); // what that other node does

        Assert.True(_topic.Receive(_backplane.Say(_name, "b")));
        await _topic.FillAsync(_backplane);

        Assert.False(_topic.OnLifeBroken("L2"));
        Assert.Equal(["from e1:0", "e1:1 a", "hole e3:1", "e3:2 b"], _member.Seen);
    }

    // The client's previous node was ahead of this one. When the client is told this node's position, it receives the messages behind it once more.
    [Fact]
    public async Task Hole_BeforeWhatAReturningClientHas_IsFollowedByAllThatIsBehindIt()
    {
        await HearAsync("a");
        _backplane.Redis.BeginLife(_name, "L2");
        await CatchUpAsync();
        byte[][] ahead = [_backplane.Say(_name, "b"), _backplane.Say(_name, "c")];
        var client = new RecordingConnection();
        await TopicReplay.JoinAsync(_topic, client, new LogPosition("e2", 3), _backplane);

        Assert.True(Break());
        foreach (var envelope in ahead)
        {
            _topic.Receive(envelope);
        }

        await _topic.FillAsync(_backplane);

        Assert.Equal(["from e2:3", "hole e3:1", "e2:2 b", "e2:3 c"], client.Seen);
    }

    // Nobody used the topic in the life that lost something, so the lineage has no epoch from it. Only the times reveal it.
    [Theory]
    [InlineData(1, false)] // the reader's epoch began later than that life
    [InlineData(0x65_00000_0_00000, false)]
    [InlineData(0x65_00000, true)]
    public void Lineage_ThatPassedALifeThatLostSomething_IsBroken(long secondsOfTheLife, bool isBroken)
    {
        var broken = new BrokenLives();
        broken.TryAdd("L2", secondsOfTheLife * 1_000_000);

        var lineage = new Lineage([new("6400000" + "00001", "L3")], Crossed: 1, broken) { Epochs = ("6400000" + "00001", "6600000" + "00001") };

        Assert.Equal(isBroken, lineage.IsBroken);
        Assert.False((lineage with { Crossed = 0 }).IsBroken); // it never left its epoch
    }

    // The loss became known when the log had already gone past that life, from the epoch before it to one after it. Once members were told nothing.
    [Theory]
    [InlineData(0x65_00000, true)]
    [InlineData(0x67_00000, false)]
    public void Lineage_ThatPassedALife_KnowsIt_WhenTheLifeTurnsOutToHaveLostSomething(long secondsOfTheLife, bool hasPassed)
    {
        var broken = new BrokenLives();
        var lineage = new Lineage([new("6400000" + "00001", "L3")], Crossed: 0, broken) { Epochs = ("", "6600000" + "00001") };
        Assert.True(lineage.HasPassed("L3"));
        Assert.False(lineage.HasPassed("L2"));

        broken.TryAdd("L2", secondsOfTheLife * 1_000_000);

        Assert.Equal(hasPassed, lineage.HasPassed("L2"));
        Assert.False((lineage with { Entries = [] }).HasPassed("L2")); // it had no epoch before
    }

    [Fact]
    public async Task Resume_FromTheEpochBefore_IsWhole()
    {
        await HearAsync("a", "b");
        _backplane.Redis.BeginLife(_name, "L2");
        await CatchUpAsync();
        _topic.Receive(_backplane.Say(_name, "c"));

        Assert.Equal(["from e2:1", "e1:2 b", "e2:3 c"], await ResumeAsync("e1", 1));
        Assert.Equal(["from e2:2", "e2:3 c"], await ResumeAsync("e1", 2));
        Assert.Equal(["hole e2:0", "e1:1 a", "e1:2 b", "e2:3 c"], await ResumeAsync("e1", 3));
    }

    // Another node changed to the next epoch before this one. Messages that its client has from that epoch do not come again.
    [Fact]
    public async Task Resume_FromAnEpochThisNodeHasNotHeardOf_GetsNothingTwice()
    {
        await HearAsync("a");
        _backplane.Redis.BeginLife(_name, "L2");
        _backplane.Say(_name, "b");
        _backplane.Say(_name, "c");
        var client = new RecordingConnection();
        await TopicReplay.JoinAsync(_topic, client, new LogPosition("e2", 2), _backplane);

        await CatchUpAsync();

        Assert.Equal(["from e2:2", "e2:3 c"], client.Seen);
    }

    private bool Break()
    {
        Assert.True(_backplane.Redis.Broken.TryAdd("L2"));
        return _topic.OnLifeBroken("L2");
    }

    private async Task<IEnumerable<string>> ResumeAsync(string epoch, long offset)
    {
        var client = new RecordingConnection();
        await TopicReplay.JoinAsync(_topic, client, new LogPosition(epoch, offset), _backplane);
        return client.Seen;
    }

    private async Task HearAsync(params string[] messages)
    {
        _topic.Begin(await _backplane.ReadAsync(_name, "", 0, 0));
        _topic.Join(_member);
        foreach (var msg in messages)
        {
            _topic.Receive(_backplane.Say(_name, msg));
        }
    }

    private Task CatchUpAsync()
    {
        Assert.True(_topic.Suspect());
        return _topic.FillAsync(_backplane);
    }
}
