using Chat.Api.Nodes;

namespace Chat.Api.Connections;

/// <summary>Moves connections from a node with more than its share to others, a few a second.</summary>
/// <remarks>The edge sends newcomers to the node with the fewest connections, but clients that stay for days stay where they are: after a
/// replacement of nodes, those that started first would keep most of them. Each node decides for itself, by the counts in the
/// registry, which are a heartbeat old.</remarks>
internal sealed class Rebalance(ConnectionTable connections, LiveNodes nodes, NodeSelf self, NodeDrain drain)
{
    private const double Tolerance = 1.1; // up to that many times its share a node keeps
    private const int Negligible = 5; // more than its share; less is not worth a reconnect

    /// <summary>Closes what is too much, as far as the setting allows. Called once a second.</summary>
    public void Tend()
    {
        var most = connections.Options.RebalancePerSecond;
        if (most == 0 || drain.IsDraining)
        {
            return;
        }

        var others = nodes.Nodes.Values.Where(node => node.Id != self.Id && node.State == NodeState.Ready).Select(node => node.Connections).ToArray();
        var surplus = Math.Min(most, SurplusOf(connections.Connections, others));
        if (surplus > 0)
        {
            var all = connections.All.ToArray();
            Random.Shared.Shuffle(all);
            foreach (var connection in all.Take(surplus))
            {
                ConnectionDrain.Close(connection, CloseReason.Rebalanced);
            }
        }
    }

    /// <summary>How many connections a node has beyond its share.</summary>
    /// <param name="own">Its connections.</param>
    /// <param name="others">Those of the other nodes that take some.</param>
    internal static int SurplusOf(int own, IReadOnlyCollection<int> others)
    {
        var share = (own + others.Sum(other => (long)other)) / (1.0 + others.Count);
        return own - share > Negligible ? Math.Max(0, own - (int)(share * Tolerance)) : 0;
    }
}
