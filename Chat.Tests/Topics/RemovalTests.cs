using System.Buffers;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Topics;

public sealed class RemovalTests : IMembershipListener
{
    private static readonly Topic Group = Topic.Group("1");

    private readonly MemoryBackplane _backplane = new();
    private readonly List<string> _removed = [];
    private readonly List<Member> _doubted = [];
    private readonly RecordingConnection _anna = new(1);
    private readonly RecordingConnection _ben = new(2);
    private readonly LocalTopic _topic;

    public RemovalTests() => _topic = new LocalTopic(Group, "node"u8.ToArray(), new TopicMetrics(NoMeters.Instance), this);

    void IMembershipListener.OnRemoved(ReadOnlySpan<byte> id) => _removed.Add(Encoding.UTF8.GetString(id));

    void IMembershipListener.OnDoubt(IReadOnlyList<Member> members) => _doubted.AddRange(members);

    void IMembershipListener.OnJoined(GroupJoin join)
    {
        // Topics do not cause this.
    }

    void IMembershipListener.OnRestored()
    {
    }

    void IMembershipListener.OnConfirmed(string id, string node) => throw new InvalidOperationException("A topic confirms nothing.");

    [Fact]
    public void Removal_EndsWhatItsUserHears_AtItsPlaceInTheOrder()
    {
        Begin();
        Topic? told = null;
        _anna.Removed = topic => told = topic;
        var member = JoinLive(_anna, generation: 5);
        JoinLive(_ben, generation: 5);

        _topic.Receive(Message(1, "before"));
        _topic.Receive(Removal(2, "u1", 5));
        _topic.Receive(Message(3, "after"));

        Assert.Equal(["e1:1 before", "e1:2 left"], _anna.Seen);
        Assert.Equal(["e1:1 before", "e1:2 left", "e1:3 after"], _ben.Seen);
        Assert.Equal(_topic.Topic, told);
        Assert.False(member.IsIn);
        Assert.Equal(["r2"], _removed);
    }

    [Fact]
    public void Removal_TakesEveryConnectionOfItsUser_RawOnesToo()
    {
        Begin();
        JoinLive(_anna, generation: 5);
        JoinLive(_ben, generation: 5);
        _topic.Join(_anna); // from a raw endpoint: such members are not stored, so they have no generation
        _topic.Receive(Removal(1, "u1", 5));

        Assert.Equal(1, _topic.MemberCount);
    }

    // The user left on one device and joined again on another, whose node hears of the removal only now.
    [Fact]
    public void Removal_OfAnEarlierMembership_DoesNotEndTheLaterOne()
    {
        Begin();
        JoinLive(_anna, generation: 6);
        _topic.Receive(Removal(1, "u1", 5));
        _topic.Receive(Message(2, "hi"));

        Assert.Equal(["e1:1 left", "e1:2 hi"], _anna.Seen);
        Assert.Equal(["r1"], _removed);
    }

    [Fact]
    public async Task Removal_ThatTheChannelLost_IsFoundInTheLog()
    {
        await BeginFromLogAsync();
        JoinLive(_anna, generation: 5);
        _backplane.Redis.Add(Group, Removal(1, "u1", 5));
        Assert.True(_topic.Receive(_backplane.Say(Group, "after")));
        await _topic.FillAsync(_backplane);

        Assert.Equal(["e1:1 left"], _anna.Seen);
        Assert.Equal(["r1"], _removed);
    }

    [Fact]
    public void Removal_HeardOnceMore_IsConfirmedOnceMore()
    {
        Begin();
        _topic.Receive(Removal(1, "u1", 5));
        _topic.Receive(Removal(1, "u1", 5));

        Assert.Equal(["r1", "r1"], _removed);
    }

    [Fact]
    public void Removal_DuringAReplay_LeavesWhatCameBeforeIt()
    {
        Begin();
        var member = _topic.JoinHeld(_anna, default, out _, out _, generation: 5);
        _topic.Receive(Message(1, "before"));
        _topic.Receive(Removal(2, "u1", 5));
        _topic.Receive(Message(3, "after"));
        _topic.Release(member);

        Assert.Equal(["e1:1 before", "e1:2 left"], _anna.Seen);
        Assert.False(member.IsIn);
    }

    // The log's window has passed, and perhaps a removal with it. No member receives further messages before that is known.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hole_HoldsMembersUntilTheirMembershipIsKnown(bool isIn)
    {
        await BeginFromLogAsync();
        var member = JoinLive(_anna, generation: 5);
        _backplane.Say(Group, "lost");
        _backplane.Say(Group, "after", lost: true);
        _backplane.Redis.Trim(Group, kept: 1);
        _topic.Suspect();
        await _topic.FillAsync(_backplane);

        Assert.Equal([member], _doubted);
        Assert.Empty(_anna.Seen);

        _topic.Settle(member, isIn);
        Assert.Equal(isIn ? ["hole e1:1", "e1:2 after"] : [], _anna.Seen);
        Assert.Equal(isIn, member.IsIn);
    }

    [Fact]
    public async Task Hole_AfterAnother_IsSettledWhenBothAre()
    {
        await BeginFromLogAsync();
        var member = JoinLive(_anna, generation: 5);
        for (var hole = 0; hole < 2; hole++)
        {
            _backplane.Say(Group, "lost");
            _backplane.Say(Group, "kept");
            _backplane.Redis.Trim(Group, kept: 1);
            _topic.Suspect();
            await _topic.FillAsync(_backplane);
        }

        _topic.Settle(member, isIn: true);
        Assert.Empty(_anna.Seen);
        _topic.Settle(member, isIn: true);
        Assert.Equal(["hole e1:1", "e1:2 kept", "hole e1:3", "e1:4 kept"], _anna.Seen);
    }

    [Fact]
    public async Task Hole_DuringAReplay_HoldsOnUntilBothAreThrough()
    {
        await BeginFromLogAsync();
        var member = _topic.JoinHeld(_anna, default, out _, out _, generation: 5);
        _backplane.Say(Group, "lost");
        _backplane.Say(Group, "kept");
        _backplane.Redis.Trim(Group, kept: 1);
        _topic.Suspect();
        await _topic.FillAsync(_backplane);

        _topic.Release(member);
        Assert.Empty(_anna.Seen);
        _topic.Settle(member, isIn: true);
        Assert.Equal(["hole e1:1", "e1:2 kept"], _anna.Seen);
    }

    // Held messages may have been published after the removal that the lookup has found.
    [Fact]
    public void MemberThatIsTakenOut_WhileHeld_GetsNothingOfIt()
    {
        Begin();
        var member = _topic.JoinHeld(_anna, default, out _, out _, generation: 5);
        _topic.Receive(Message(1, "after the removal"));
        _topic.Leave(member);
        _topic.Release(member);

        Assert.Empty(_anna.Seen);
    }

    [Fact]
    public void Removal_WithoutAGeneration_RemovesNobody()
    {
        Begin();
        JoinLive(_anna, generation: 5);
        _topic.Receive(Encoding.UTF8.GetBytes("""{"Offset":1,"Epoch":"e1","Kind":"left","FromId":"u1","Msg":"everybody"}"""));

        Assert.Equal(1, _topic.MemberCount);
    }

    private Member JoinLive(RecordingConnection connection, long generation)
    {
        var member = _topic.JoinHeld(connection, default, out _, out _, generation);
        _topic.Release(member);
        return member;
    }

    private void Begin() => _topic.Begin(new LogPage("e1", 0, []));

    private async Task BeginFromLogAsync() => _topic.Begin(await _backplane.ReadAsync(Group, "", 0, 0));

    private static byte[] Message(long offset, string msg) => MemoryBackplane.Envelope(Group, "e1", offset, msg);

    private static byte[] Removal(long offset, string user, long generation)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write(Encoding.UTF8.GetBytes($"{{\"Offset\":{offset},\"Epoch\":\"e1\","));
        EnvelopeWriter.WriteTail(
            output,
            new Publication
            {
                Kind = TopicKind.Group,
                Topic = Group.Utf8Name.Span,
                From = Encoding.UTF8.GetBytes(user),
                Msg = Encoding.UTF8.GetBytes(generation.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                IsRemoval = true,
            },
            Encoding.UTF8.GetBytes("r" + offset), "node"u8, 1, null);
        return output.WrittenSpan.ToArray();
    }
}
