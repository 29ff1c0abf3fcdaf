using Edge.Proxy.Nodes;
using Edge.Proxy.Relay;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Routing;

/// <summary>Picks the node with the fewest running requests, WebSockets included. Ties take turns.</summary>
/// <remarks>YARP's own LeastRequests gives every tie to the same node: with little traffic, or with several edges that
/// each hold a few connections, one node would get most of them.</remarks>
internal sealed class LeastConnectionsPolicy(RelayedConnections relayed) : ILoadBalancingPolicy
{
    private uint _turn;

    public string Name => NodePolicies.LeastConnections;

    public DestinationState? PickDestination(
        HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        var count = (uint)availableDestinations.Count;
        if (count == 0)
        {
            return null;
        }

        var first = Interlocked.Increment(ref _turn) % count;
        var best = availableDestinations[(int)first];
        var fewest = relayed.RequestsOf(best);
        for (var i = 1u; i < count; i++)
        {
            var other = availableDestinations[(int)((first + i) % count)];
            if (relayed.RequestsOf(other) is var requests && requests < fewest)
            {
                (best, fewest) = (other, requests);
            }
        }

        return best;
    }
}
