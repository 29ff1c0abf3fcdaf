using Chat.Sockets.Loops;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Relay;

/// <summary>The connections that are relayed: those whose request is over for the server and for YARP, which count them no more.</summary>
internal sealed class RelayedConnections
{
    private readonly Lock _gate = new(); // guards _counts
    private readonly Dictionary<string, int> _counts = []; // by node, which may leave the registry and return meanwhile
    private readonly SocketLoops _loops;

    public RelayedConnections(SocketLoops loops, IHostApplicationLifetime lifetime)
    {
        _loops = loops;
        lifetime.ApplicationStopping.UnsafeRegister(static relayed => ((RelayedConnections)relayed!).EndAll(), this);
    }

    /// <summary>How many requests a node has, these connections included.</summary>
    public int RequestsOf(DestinationState node)
    {
        lock (_gate)
        {
            return node.ConcurrentRequestCount + _counts.GetValueOrDefault(node.DestinationId);
        }
    }

    public void Add(RelayPair relay)
    {
        lock (_gate)
        {
            _counts[relay.Node] = _counts.GetValueOrDefault(relay.Node) + 1;
        }

        relay.OnOver(Remove);
    }

    /// <summary>The nodes that have some.</summary>
    public IReadOnlyList<string> Nodes()
    {
        lock (_gate)
        {
            return [.. _counts.Keys];
        }
    }

    /// <summary>Asks clients of this node to connect again, as if it had done so itself.</summary>
    /// <param name="node">Its id.</param>
    /// <param name="most">How many of them.</param>
    public void SendElsewhere(string node, int most) => _loops.ForEach(socket =>
    {
        if (socket.Owner is RelaySide side && side.Pair.Node == node && !side.Pair.IsLeaving && Interlocked.Decrement(ref most) >= 0)
        {
            side.Pair.SendElsewhere();
        }
    });

    private void Remove(RelayPair relay)
    {
        lock (_gate)
        {
            if (--_counts[relay.Node] == 0)
            {
                _counts.Remove(relay.Node);
            }
        }
    }

    // Those that are still there after the time that their nodes had to end them. The server would not wait for them.
    private void EndAll() => _loops.ForEach(static socket => (socket.Owner as RelaySide)?.Abort());
}
