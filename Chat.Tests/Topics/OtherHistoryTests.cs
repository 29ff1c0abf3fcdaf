using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

/// <summary>A Redis whose lives cannot be distinguished came back, or was replaced by its replica, without the last acknowledged messages. Everything
/// it has is sent again, since nobody knows where the other history begins.</summary>
public sealed class OtherHistoryTests
{
    private readonly Topic _name = Topic.Group("1");
    private readonly MemoryBackplane _backplane = new();
    private readonly RecordingConnection _member = new();
    private readonly LocalTopic _topic;

    public OtherHistoryTests() => _topic = new LocalTopic(_name, "node"u8.ToArray(), new TopicMetrics(NoMeters.Instance));

    // Redis lost b and c. While this node was still connecting, Redis gave their offsets to other messages and went on. By offsets alone, only d2 would be missing.
    [Fact]
    public async Task Log_ThatGaveOffsetsAgain_IsAHoleAndANewEpoch()
    {
        await HearAsync("a", "b", "c");
        _backplane.Redis.Forget(_name, last: 2);
        foreach (var msg in (string[])["b2", "c2", "d2"])
        {
            _backplane.Say(_name, msg);
        }

        await CatchUpAsync();
        _topic.Receive(_backplane.Say(_name, "e"));

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "e1:3 c", "hole e2:0", "e1:1 a", "e1:2 b2", "e1:3 c2", "e1:4 d2", "e2:5 e"], _member.Seen);
    }

    [Fact]
    public async Task Log_ThatLostTheLastMessageAlone_IsAHoleAndANewEpoch()
    {
        await HearAsync("a", "b");
        _backplane.Redis.Forget(_name, last: 1);

        await CatchUpAsync();
        _topic.Receive(_backplane.Say(_name, "c"));

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "hole e2:0", "e1:1 a", "e2:2 c"], _member.Seen);
    }

    // What is deleted keeps the time and the id by which a message is told from another one at its offset.
    [Fact]
    public async Task Log_WhoseLastMessagesWereDeleted_GoesOn()
    {
        await HearAsync("a", "b");
        _backplane.Say(_name, "c");
        _backplane.Delete(_name, "e1", 2);
        _backplane.Delete(_name, "e1", 3);

        await CatchUpAsync();
        await CatchUpAsync();

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "e1:4 deleted", "e1:5 deleted"], _member.Seen);
    }

    [Fact]
    public async Task Log_ThatLostNothing_GoesOn()
    {
        await HearAsync("a", "b");
        _backplane.Say(_name, "c");

        await CatchUpAsync();
        await CatchUpAsync();

        Assert.Equal(["from e1:0", "e1:1 a", "e1:2 b", "e1:3 c"], _member.Seen);
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
