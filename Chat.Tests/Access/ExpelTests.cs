using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Topics;
using Xunit;

namespace Chat.Tests.Access;

/// <summary>A member that is put out of a topic receives nothing more of it, whatever was under way for it.</summary>
public sealed class ExpelTests : IDisposable
{
    private readonly MemoryBackplane _backplane = new();
    private readonly TopicTable _topics = TestTopics.New();
    private readonly Topic _name = Topic.Group("1");

    public ExpelTests()
    {
        _topics.Attach(_backplane);
        _backplane.Listener = _topics;
    }

    public void Dispose() => _topics.Dispose();

    [Fact]
    public async Task Replay_OfAMemberThatIsPutOut_EndsThere()
    {
        Say(5);
        var topic = await _topics.AcquireAsync(_name);
        var room = new TaskCompletionSource();
        var client = new RecordingConnection { Room = room.Task };
        Member? member = null;
        Topic? told = null;
        client.Removed = where => told = where;
        var joining = TopicReplay.JoinAsync(topic, client, new LogPosition("e1", 0), _backplane, one =>
        {
            member = one;
            return true;
        });
        await client.SeesAsync("from e1:0"); // and waits for room in the client
        Say(1, first: 6);

        topic.Expel(member!);
        room.SetResult();
        await joining;
        Say(1, first: 7);

        Assert.Equal(["from e1:0"], client.Seen);
        Assert.Equal((_name, false), (told, member!.IsIn));
    }

    /// <summary>A client that read slowly once received the whole log, hours after it had lost the right to.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Replay_WhoseUserMayReadThePastNoMore_EndsThere(bool isTakenInTheMidst)
    {
        Say(5);
        var topic = await _topics.AcquireAsync(_name);
        var room = new TaskCompletionSource();
        var client = new RecordingConnection { Room = room.Task };
        using var access = TestAccess.Of("u1", claims: ("chat", """{"*":["join","history"]}"""));
        var reached = await access.ReachAsync(_name);
        if (!isTakenInTheMidst)
        {
            await TakePastAsync(); // between the check at the connect and the join
        }

        var joining = TopicReplay.JoinAsync(topic, client, new LogPosition("e1", 0), _backplane, one => access.TryHold(reached, one, readsPast: true));
        if (isTakenInTheMidst)
        {
            await client.SeesAsync("from e1:0"); // and waits for room in the client
            await TakePastAsync();
        }

        room.SetResult();
        await joining;
        Say(1, first: 6);

        Assert.Equal(isTakenInTheMidst ? ["from e1:0", "hole e1:5", "e1:6 m6"] : ["hole e1:5", "e1:6 m6"], client.Seen);

        Task TakePastAsync() => access.RenewAsync(TestAccess.Principal(("chat", """{"*":["join"]}""")));
    }

    [Fact]
    public async Task Member_ThatIsNotLetIn_GetsNothing()
    {
        Say(5);
        var topic = await _topics.AcquireAsync(_name);
        var client = new RecordingConnection();

        Assert.Null(await TopicReplay.JoinAsync(topic, client, new LogPosition("e1", 0), _backplane, static _ => false));
        Say(1, first: 6);

        Assert.Empty(client.Seen);
        Assert.Equal(0, topic.MemberCount);
    }

    private void Say(int count, int first = 1)
    {
        for (var i = first; i < first + count; i++)
        {
            _backplane.Say(_name, $"m{i}");
        }
    }
}
