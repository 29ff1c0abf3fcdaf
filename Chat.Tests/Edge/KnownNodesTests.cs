using Chat.Tests.Support;
using Edge.Proxy.Nodes;
using Xunit;

namespace Chat.Tests.Edge;

public sealed class KnownNodesTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly KnownNodes _known;

    public KnownNodesTests() => _known = new(_clock);

    [Fact]
    public void Node_ThatDrains_TakesNoNewConnections()
    {
        Update([Ready("a"), Ready("b") with { State = "draining" }]);

        Assert.Equal(["a"], _known.Ready.Select(node => node.Id));
    }

    [Fact]
    public void Node_WhoseEndWasAnnounced_GoesAtOnce()
    {
        Update([Ready("a"), Ready("b")]);
        Update([Ready("a")], "b");

        Assert.Equal(["a"], _known.Ready.Select(node => node.Id));
    }

    [Fact]
    public void Nodes_WhenRedisRestartsEmpty_StayUntilTheyAreListedAgain()
    {
        Update([Ready("a"), Ready("b")]);
        Update([]);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Update([Ready("a")], "a");

        Assert.Equal(["a", "b"], _known.Ready.Select(node => node.Id));
    }

    [Fact]
    public void Node_MissingWithoutAWord_GoesAfterTheGrace()
    {
        Update([Ready("a"), Ready("b")]);
        Update([Ready("a")]);
        _clock.Advance(KnownNodes.Grace);
        Update([Ready("a")]);

        Assert.Equal(["a"], _known.Ready.Select(node => node.Id));
    }

    private static Node Ready(string id) => new(id, $"http://{id}:80", "ready");

    private void Update(Node[] listed, params string[] announced) => _known.Update(listed, announced.ToHashSet());
}
