using Chat.Api.Nodes;
using Chat.Tests.Support;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Nodes;

public sealed class LiveNodesTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _events = [];
    private readonly LiveNodes _live;

    public LiveNodesTests()
    {
        _live = new(Options.Create(new NodeOptions()), _clock);
        _live.Joined += node => _events.Add($"+{node.Id}");
        _live.Left += node => _events.Add($"-{node.Id}");
    }

    [Fact]
    public void Node_WhenListed_Joins()
    {
        List("a", "b");
        List("a", "b");

        Assert.Equal(["+a", "+b"], _events.Order());
        Assert.True(_live.Contains("b"));
    }

    [Fact]
    public void List_IsTheOldestNodeFirst()
    {
        _live.Update([Born(3), Born(1), Born(2)], []);

        Assert.Equal(["1", "2", "3"], _live.List().Select(node => node.Id));
    }

    [Fact]
    public void Node_WhoseEndWasAnnounced_LeavesAtOnce()
    {
        List("a", "b");

        _live.Announce("b");
        List("a");

        Assert.Equal("-b", _events[^1]);
        Assert.False(_live.Contains("b"));
    }

    // Redis restarts without its data. The first node that sends a heartbeat sees only itself, and the others follow within 2 s. Presence must not
    // take that for two dead nodes.
    [Fact]
    public void Nodes_WhenRedisForgetsThemForABeat_StayInView()
    {
        List("a", "b", "c");
        List("a");
        _clock.Advance(TimeSpan.FromSeconds(2));
        List("a", "b", "c");
        _clock.Advance(TimeSpan.FromSeconds(60));
        List("a", "c");

        Assert.DoesNotContain(_events, change => change.StartsWith('-'));
    }

    [Fact]
    public void Node_MissingWithoutAWord_LeavesAfterThreeHeartbeats()
    {
        List("a", "b");
        List("a");
        _clock.Advance(TimeSpan.FromSeconds(6));
        List("a");

        Assert.Equal("-b", _events[^1]);
    }

    [Fact]
    public void Announcement_OfALivingNode_ChangesNothing()
    {
        List("a", "b");
        _live.Announce("b");
        List("a", "b");
        List("a");

        Assert.True(_live.Contains("b"));
    }

    private void List(params string[] ids)
    {
        var announced = _live.TakeAnnounced();
        _live.Update(
            [.. ids.Select(id => new NodeInfo(id, "http://localhost:1", NodeState.Ready, 0, default, null))],
            announced);
    }

    private static NodeInfo Born(int day) => new($"{day}", "http://localhost:1", NodeState.Ready, 0, DateTimeOffset.UnixEpoch.AddDays(day), null);
}
