using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class TopicReplayTests : IDisposable
{
    private readonly MemoryBackplane _backplane = new();
    private readonly TopicTable _topics;
    private readonly Topic _name = Topic.Group("1");

    public TopicReplayTests()
    {
        _topics = TestTopics.New();
        _topics.Attach(_backplane);
        _backplane.Listener = _topics;
    }

    public void Dispose() => _topics.Dispose();

    [Theory]
    [InlineData("e1:3", "from e1:3", "e1:4 m4", "e1:5 m5")]
    [InlineData("e1:5", "from e1:5")]
    [InlineData("e1:0", "from e1:0", "e1:1 m1", "e1:2 m2", "e1:3 m3", "e1:4 m4", "e1:5 m5")]
    [InlineData("e0:3", "hole e1:0", "e1:1 m1", "e1:2 m2", "e1:3 m3", "e1:4 m4", "e1:5 m5")] // another life of the log
    [InlineData(":0", "hole e1:0", "e1:1 m1", "e1:2 m2", "e1:3 m3", "e1:4 m4", "e1:5 m5")] // the topic kept no log by then
    [InlineData("e1:6", "hole e1:0", "e1:1 m1", "e1:2 m2", "e1:3 m3", "e1:4 m4", "e1:5 m5")] // not reached yet
    public async Task Replay_GivesWhatCameAfterThePosition_AndSaysWhetherThatIsAll(string since, params string[] expected)
    {
        Say(5);
        var member = await ResumeAsync(since);
        _backplane.Say(_name, "live");

        Assert.Equal([.. expected, "e1:6 live"], member.Seen);
    }

    [Fact]
    public async Task Replay_OfMoreThanTheLogHolds_SaysSoAndGivesTheRest()
    {
        Say(5);
        _backplane.Redis.Trim(_name, kept: 2);

        Assert.Equal(["hole e1:3", "e1:4 m4", "e1:5 m5"], (await ResumeAsync("e1:1")).Seen);
        Assert.Equal(["from e1:3", "e1:4 m4", "e1:5 m5"], (await ResumeAsync("e1:3")).Seen);
    }

    [Fact]
    public async Task Replay_OfALogThatIsEmptyByNow_IsAHole()
    {
        Say(5);
        _backplane.Redis.Trim(_name, kept: 0);

        Assert.Equal(["hole e1:5"], (await ResumeAsync("e1:2")).Seen);
    }

    // The client was on a node that is ahead of this one. It has missed nothing, and receives nothing twice.
    [Fact]
    public async Task Replay_FromAPositionThatThisNodeHasYetToReach_GoesOnBehindIt()
    {
        Say(2);
        var topic = await _topics.AcquireAsync(_name);
        var onItsWay = _backplane.Say(_name, "m3", lost: true);
        var member = new RecordingConnection();
        await TopicReplay.JoinAsync(topic, member, new LogPosition("e1", 3), _backplane);
        _topics.OnEnvelope(_name.Utf8Name.Span, onItsWay);
        _topics.OnEnvelope(_name.Utf8Name.Span, MemoryBackplane.Envelope(_name, "e1", 0, "signal"));
        _backplane.Say(_name, "m4");

        Assert.Equal(["from e1:3", "- signal", "e1:4 m4"], member.Seen);

        _backplane.Redis.Restart();
        Say(1);
        await member.SeesAsync("e2:1 m1"); // offsets of a new life start again
    }

    // The user was removed while the log was read from an unknown position. Messages after the removal must not be sent.
    [Fact]
    public async Task Replay_DuringWhichItsUserIsRemoved_EndsWithTheRemoval()
    {
        Say(2);
        var topic = await _topics.AcquireAsync(_name);
        var reads = 0;
        _backplane.BeforeRead = () =>
        {
            if (reads++ == 0)
            {
                _backplane.Remove(_name, "u1", generation: 0);
                _backplane.Say(_name, "secret");
            }

            return Task.CompletedTask;
        };
        var member = new RecordingConnection();
        await TopicReplay.JoinAsync(topic, member, new LogPosition("e0", 1), _backplane);

        Assert.Equal(["hole e1:2", "e1:3 left"], member.Seen);
    }

    // The position is far along a log that Redis has lost. Messages of the next log up to there were once taken to be known to the client, and never came.
    [Fact]
    public async Task Position_OfOneWhoMayNotReadWhatWasBefore_HoldsNothingBackThatComes()
    {
        Say(2);
        var topic = await _topics.AcquireAsync(_name);
        var member = new RecordingConnection();
        await TopicReplay.JoinAsync(topic, member, new LogPosition("e0", 500), _backplane, isLetIn: one =>
        {
            one.IsReplayOver = true;
            _backplane.Say(_name, "meanwhile");
            return true;
        });

        _backplane.Say(_name, "m4");

        Assert.Equal(["hole e1:3", "e1:4 m4"], member.Seen);
    }

    // Redis lost the log and began a shorter one, and the topic has not changed over yet. Its position does not exist in the new log, and a client
    // that was told that position would miss the messages up to there.
    [Fact]
    public async Task Replay_WhileTheLogIsAnotherOne_TellsNoPositionThatThisHasNotReached()
    {
        Say(5);
        var topic = await _topics.AcquireAsync(_name);
        _backplane.Redis.Restart();
        _backplane.Say(_name, "n1", lost: true);
        _backplane.Say(_name, "n2", lost: true);
        var member = new RecordingConnection();
        await TopicReplay.JoinAsync(topic, member, new LogPosition("e1", 3), _backplane);
        Assert.Equal(["hole e1:5"], member.Seen);

        _backplane.Say(_name, "n3");

        await member.SeesAsync("e2:3 n3");
        Assert.Equal(["hole e1:5", "hole e2:0", "e2:1 n1", "e2:2 n2", "e2:3 n3"], member.Seen);
    }

    [Fact]
    public async Task Message_DuringAReplay_ComesAfterItAndOnce()
    {
        Say(2);
        var topic = await _topics.AcquireAsync(_name);
        _backplane.BeforeRead = () =>
        {
            _backplane.Say(_name, "during"); // both in the read's page and on the channel
            return Task.CompletedTask;
        };
        var member = new RecordingConnection();
        await TopicReplay.JoinAsync(topic, member, new LogPosition("e1", 1), _backplane);
        _backplane.Say(_name, "after");

        Assert.Equal(["from e1:1", "e1:2 m2", "e1:3 during", "e1:4 after"], member.Seen);
    }

    [Fact]
    public async Task Replay_WhenRedisIsAway_LeavesNoMember()
    {
        Say(2);
        var topic = await _topics.AcquireAsync(_name);
        _backplane.BeforeRead = () => MemoryBackplane.Unavailable;

        await Assert.ThrowsAsync<BackplaneUnavailableException>(
            () => TopicReplay.JoinAsync(topic, new RecordingConnection(), new LogPosition("e1", 1), _backplane));
        Assert.Equal(0, topic.MemberCount);
    }

    [Fact]
    public async Task Replay_ThatTakesTooLong_ClosesTheConnection()
    {
        Say(2);
        var topic = await _topics.AcquireAsync(_name);
        var room = new TaskCompletionSource();
        var member = new RecordingConnection { Room = room.Task };
        var joining = TopicReplay.JoinAsync(topic, member, new LogPosition("e1", 0), _backplane);
        Say(1025);
        Assert.NotNull(member.Closed);

        room.SetResult();
        await joining;
    }

    // Clients resume at random positions while messages are published and the channel loses one in ten.
    [Fact]
    public async Task Replays_DuringTraffic_LeaveNoGapAndNoDuplicate()
    {
        const int Messages = 4000;
        var seed = Random.Shared.Next();
        var losses = new Random(seed);
        _backplane.Redis.Loses = _ => losses.Next(10) == 0;
        var topic = await _topics.AcquireAsync(_name);
        Say(100);
        var published = 100L;
        var joiningSince = long.MaxValue; // the number of messages published when the joining client began
        var publishing = Task.Run(() =>
        {
            for (var i = 101; i <= Messages; i++)
            {
                // Stays below the number that may be held for a joining client, however slow the machine is, since that client would be closed
                // otherwise. This counts messages published meanwhile and those that the topic has not delivered yet.
                SpinWait.SpinUntil(() => i - Volatile.Read(ref joiningSince) < 400 && i - topic.Position.Offset < 400);
                Say(1, first: i);
                Volatile.Write(ref published, i);
                Thread.Yield();
            }
        });
        var clients = new List<(RecordingConnection Connection, long Since)>();
        var positions = new Random(seed);
        while (!publishing.IsCompleted && clients.Count < 400)
        {
            var client = new RecordingConnection(clients.Count + 1);
            var since = Math.Max(0, Math.Min(topic.Position.Offset, Volatile.Read(ref published)) - positions.Next(100));
            Volatile.Write(ref joiningSince, Volatile.Read(ref published));
            await TopicReplay.JoinAsync(topic, client, new LogPosition("e1", since), _backplane);
            Volatile.Write(ref joiningSince, long.MaxValue);
            clients.Add((client, since));
        }

        await publishing;
        _backplane.Redis.Loses = _ => false;
        Say(1, first: Messages + 1); // reveals the last loss
        foreach (var (connection, since) in clients)
        {
            await connection.SeesAsync($"e1:{Messages + 1} m{Messages + 1}");
            Assert.Null(connection.Closed);
            string[] expected = [$"from e1:{since}", .. Enumerable.Range((int)since + 1, Messages + 1 - (int)since).Select(i => $"e1:{i} m{i}")];
            if (connection.Seen is var seen && !expected.SequenceEqual(seen))
            {
                Assert.Fail($"Failed with seed {seed}: of {expected.Length} from {since} on it saw {seen.Length}, and not {expected.Except(seen).FirstOrDefault()}.");
            }
        }
    }

    private async Task<RecordingConnection> ResumeAsync(string since)
    {
        Assert.True(LogPosition.TryParse(since, out var position));
        var member = new RecordingConnection();
        await TopicReplay.JoinAsync(await _topics.AcquireAsync(_name), member, position, _backplane);
        return member;
    }

    private void Say(int count, int first = 1)
    {
        for (var i = first; i < first + count; i++)
        {
            _backplane.Say(_name, $"m{i}");
        }
    }
}
