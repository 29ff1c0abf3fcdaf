using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Failover;

/// <summary>
/// Healthy nodes that take new connections; when there is none, all that are not known to be unreachable. With Redis away every node reports
/// itself unready, yet each can say so to the client better than the edge.
/// </summary>
internal sealed class ReachableNodesPolicy : IAvailableDestinationsPolicy
{
    public string Name => NodePolicies.ReachableNodes;

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(
        ClusterConfig config, IReadOnlyList<DestinationState> allDestinations)
    {
        var reachable = allDestinations
            .Where(node => !NodeDestinations.IsDraining(node) && node.Health.Passive != DestinationHealth.Unhealthy).ToList();
        var healthy = reachable.Where(node => node.Health.Active != DestinationHealth.Unhealthy).ToList();
        return healthy.Count > 0 ? healthy : reachable;
    }
}
