using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Failover;

/// <summary>
/// Returns the healthy nodes that take new connections. If there is none, it returns all that are not known to be unreachable: while Redis is
/// away, every node reports itself unready, yet each can tell the client so better than the edge. If there is none of these either, it returns
/// all that do not drain. When every node seems to be gone, it is more likely that this edge is too busy, or that the way to them was cut for
/// a moment; and a node that is really gone refuses at once.
/// </summary>
internal sealed class ReachableNodesPolicy : IAvailableDestinationsPolicy
{
    public string Name => NodePolicies.ReachableNodes;

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(
        ClusterConfig config, IReadOnlyList<DestinationState> allDestinations)
    {
        var ready = allDestinations.Where(node => !NodeDestinations.IsDraining(node)).ToList();
        var reachable = ready.Where(NodeDestinations.IsReachable).ToList();
        var healthy = reachable.Where(node => node.Health.Active != DestinationHealth.Unhealthy).ToList();
        return healthy.Count > 0 ? healthy : reachable.Count > 0 ? reachable : ready;
    }
}
