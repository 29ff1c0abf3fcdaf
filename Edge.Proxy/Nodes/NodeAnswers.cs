using System.Diagnostics;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Nodes;

/// <summary>When each node has last answered anybody.</summary>
/// <remarks>Who waits in vain while others are answered does not wait for a node that is gone: it is busy, or this edge is too busy to take its answers
/// in time. And a node that was taken for gone and answers is not.</remarks>
internal sealed class NodeAnswers(IDestinationHealthUpdater health)
{
    private readonly ConditionalWeakTable<DestinationState, StrongBox<long>> _last = [];

    /// <summary>This node has answered, whatever it said.</summary>
    public void Note(ClusterState cluster, DestinationState node)
    {
        Volatile.Write(ref _last.GetOrCreateValue(node).Value, Stopwatch.GetTimestamp());
        if (node.Health.Passive == DestinationHealth.Unhealthy)
        {
            health.SetPassive(cluster, node, DestinationHealth.Healthy, TimeSpan.Zero);
        }
    }

    /// <summary>Whether it has answered anybody since then (a timestamp of <see cref="Stopwatch"/>).</summary>
    public bool HasAnsweredSince(DestinationState node, long time) => _last.TryGetValue(node, out var last) && Volatile.Read(ref last.Value) > time;
}
