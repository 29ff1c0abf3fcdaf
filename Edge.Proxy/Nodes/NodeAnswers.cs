using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Nodes;

/// <summary>When each node has last answered anybody.</summary>
/// <remarks>
/// <para>Who waits in vain while others are answered does not wait for a node that is gone: it is busy, or this edge is too busy to take its answers
/// in time. And a node that was taken for gone and answers is not.</para>
/// <para>One that accepts connections and answers nobody would have each client wait for seconds. So it is asked for one of them a second, until it answers
/// that one, or a probe.</para>
/// </remarks>
internal sealed class NodeAnswers(IDestinationHealthUpdater health, TimeProvider time)
{
    private static readonly TimeSpan TryInterval = TimeSpan.FromSeconds(1);

    private readonly ConditionalWeakTable<DestinationState, Last> _last = [];

    /// <summary>This node has answered, whatever it said.</summary>
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

    /// <summary>It has answered a probe. That says nothing about what it is asked for otherwise.</summary>
    public void NoteProbe(DestinationState node)
    {
        if (_last.TryGetValue(node, out var last))
        {
            last.IsSilent = false;
        }
    }

    /// <summary>Somebody waited for it in vain.</summary>
    public void NoteSilence(DestinationState node) => _last.GetOrCreateValue(node).IsSilent = true;

    /// <summary>Whether it has answered anybody since then.</summary>
    public bool HasAnsweredSince(DestinationState node, long then) => _last.TryGetValue(node, out var last) && Volatile.Read(ref last.Answer) > then;

    /// <summary>Of these nodes, those that can be expected to answer; where there is none, the one that it is time to try again.</summary>
    /// <param name="nodes">All that could be asked.</param>
    /// <param name="mayTry">Whether this client may wait for one that has not answered lately.</param>
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
