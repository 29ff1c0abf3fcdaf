using Chat.Api.Nodes;
using Microsoft.Extensions.Options;

namespace Chat.Api.Connections;

/// <summary>Moves connections from a node that has more than its share to others, a few a second.</summary>
/// <remarks>The edge sends new clients to the node with the fewest connections, but clients that stay for days stay where they are: after a
/// replacement of nodes, those that started first would keep most of them. Each node decides for itself, by the counts in the registry. It does not
/// decide again before the clients that it has closed have been counted elsewhere: otherwise the nodes would pass them round forever.</remarks>
internal sealed class Rebalance(ConnectionTable connections, LiveNodes nodes, NodeSelf self, NodeDrain drain, IOptions<NodeOptions> options)
{
    private const double Tolerance = 1.1; // a node keeps up to this many times its share
    private const int Negligible = 5; // connections beyond the share; fewer are not worth a reconnect

    private int _toClose;
    private long _decidedAt;

    /// <summary>Closes surplus connections, as many as the setting allows. Called once a second.</summary>
    public void Tend()
    {
        var most = connections.Options.RebalancePerSecond;
        if (most == 0 || drain.IsDraining)
        {
            return;
        }

        // A reconnect takes up to a second. The other node's heartbeat puts it into the registry, and this node sees it there at a
        // heartbeat of its own.
        var settled = (2 * options.Value.Heartbeat) + TimeSpan.FromSeconds(2);
        if (_toClose == 0 && connections.Time.GetElapsedTime(_decidedAt) >= settled)
        {
            _toClose = Decide();
        }

        var closing = Math.Min(most, _toClose);
        if (closing > 0)
        {
            var all = connections.All.Where(static connection => connection.CanMove).ToArray();
            Random.Shared.Shuffle(all);
            foreach (var connection in all.Take(closing))
            {
                Handover.Close(connection, CloseReason.Rebalanced);
            }

            _toClose -= closing;
            _decidedAt = connections.Time.GetTimestamp();
        }
    }

    private int Decide()
    {
        var ready = nodes.Nodes.Values.Where(static node => node.State == NodeState.Ready).ToLookup(node => node.Id == self.Id, static node => node.Connections);
        return ready[true].FirstOrDefault() is > 0 and var own ? SurplusOf(own, [.. ready[false]]) : 0;
    }

    /// <summary>How many connections a node has beyond its share.</summary>
    /// <param name="own">Its connections.</param>
    /// <param name="others">The connections of the other nodes that are ready.</param>
    internal static int SurplusOf(int own, IReadOnlyCollection<int> others)
    {
        var share = (own + others.Sum(other => (long)other)) / (1.0 + others.Count);
        return own - share > Negligible ? Math.Max(0, own - (int)(share * Tolerance)) : 0;
    }
}
