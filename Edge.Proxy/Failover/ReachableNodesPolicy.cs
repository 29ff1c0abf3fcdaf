using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Failover;

/// <summary>
/// Healthy nodes that take new connections; when there is none, all that are not known to be unreachable. With Redis away every node reports
/// itself unready, yet each can say so to the client better than the edge. When there is none of these either, all: where every node seems
/// to be gone, more likely this edge is too busy, or the way to them was cut for a moment; and one that is really gone refuses at once.
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
