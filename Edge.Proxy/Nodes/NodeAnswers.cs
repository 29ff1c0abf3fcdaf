using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Nodes;

/// <summary>Knows when each node last answered anybody.</summary>
/// <remarks>
/// <para>If a client waits in vain for a node that answers others, the node is not gone: it is busy, or this edge is too busy to take its answers
/// in time. And a node that was taken for gone but answers is not gone either.</para>
/// <para>A node that accepts connections and answers nobody would make each client wait for seconds. So it is asked for only one client a second,
/// until it answers that one, or a probe.</para>
/// </remarks>
internal sealed class NodeAnswers(IDestinationHealthUpdater health, TimeProvider time)
{
    private static readonly TimeSpan TryInterval = TimeSpan.FromSeconds(1);

    private readonly ConditionalWeakTable<DestinationState, Last> _last = [];

    /// <summary>Notes that the node has answered, whatever it said.</summary>
    public void Note(ClusterState cluster, DestinationState node)
    {
        var last = _last.GetOrCreateValue(node);
        last.IsSilent = false;
        Volatile.Write(ref last.Answer, time.GetTimestamp());
        if (node.Health.Passive == DestinationHealth.Unhealthy)
        {
            health.SetPassive(cluster, node, DestinationHealth.Healthy, TimeSpan.Zero);
        }
    }

    /// <summary>Notes that the node has answered a probe. That says nothing about its answers to other requests.</summary>
    public void NoteProbe(DestinationState node)
    {
        if (_last.TryGetValue(node, out var last))
        {
            last.IsSilent = false;
        }
    }

    /// <summary>Notes that somebody waited for the node in vain.</summary>
    public void NoteSilence(DestinationState node) => _last.GetOrCreateValue(node).IsSilent = true;

    /// <summary>Whether it has answered anybody since then.</summary>
    public bool HasAnsweredSince(DestinationState node, long then) => _last.TryGetValue(node, out var last) && Volatile.Read(ref last.Answer) > then;

    /// <summary>Returns the nodes that can be expected to answer. If there is none, it returns the one that it is time to try again, if any.</summary>
    /// <param name="nodes">All nodes that could be asked.</param>
    /// <param name="mayTry">Whether this client may wait for a node that has not answered lately.</param>
    public IReadOnlyList<DestinationState> WorthAsking(IReadOnlyList<DestinationState> nodes, bool mayTry)
    {
        if (!nodes.Any(IsSilent))
        {
            return nodes;
        }

        List<DestinationState> awake = [.. nodes.Where(node => !IsSilent(node))];
        return awake.Count == 0 && mayTry && nodes.FirstOrDefault(IsTimeToTry) is { } one ? [one] : awake;
    }

    private bool IsSilent(DestinationState node) => _last.TryGetValue(node, out var last) && last.IsSilent;

    private bool IsTimeToTry(DestinationState node)
    {
        var last = _last.GetOrCreateValue(node);
        var tried = Volatile.Read(ref last.Try);
        return (tried == 0 || time.GetElapsedTime(tried) >= TryInterval) && Interlocked.CompareExchange(ref last.Try, time.GetTimestamp(), tried) == tried;
    }

    private sealed class Last
    {
        public long Answer;
        public long Try;
        public volatile bool IsSilent;
    }
}
