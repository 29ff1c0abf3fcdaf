using Xunit;

namespace Chat.Tests.Simulation;

/// <summary>The simulation's findings in presence.</summary>
public sealed class FoundPresenceTests : IDisposable
{
    private readonly ClusterOfOne _cluster = new(hasPresence: true);

    public void Dispose() => _cluster.Dispose();

    // Redis came back empty. Until its next heartbeat the node was not on the roll of nodes to be swept, but reported users all the same.
    // Had it died in that time, its users would have stayed present.
    [Fact]
    public void Node_WhoseRedisCameBackEmpty_ReportsNobodyBeforeItIsToBeSwept()
    {
        _cluster.Connect("phone");
        _cluster.Pass(5);
        _cluster.Redis.Kill(_cluster.Redis.Writes);
        _cluster.Redis.Start();
        _cluster.Pass(0.3); // by now the connections are back
        var ben = new SimulatedClient(_cluster.World, _cluster.Model, "ben", "ben's", null, watches: false);
        ben.Connect(_cluster.Node);

        for (var round = 0; round < 5000 && _cluster.Redis.ReadPresence("group:a", 10).Count == 0; round++)
        {
            _cluster.Pass(0.001);
        }

        Assert.NotEqual(0, _cluster.Redis.ReadPresence("group:a", 10).Count);
        Assert.True(_cluster.Redis.IsReporter("n1"));
    }
}
