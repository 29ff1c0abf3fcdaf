using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Relay;

/// <summary>The connections that are relayed. Except with TLS, their request is over for the server and YARP, which no longer count them.</summary>
internal sealed class RelayedConnections
{
    private readonly Lock _gate = new(); // guards _counts
    private readonly Dictionary<string, (int All, int Requests)> _counts = []; // by node, which may leave the registry and return meanwhile
    private readonly SocketLoops _loops;
    private readonly Action<ISocketTaker> _remove; // one for all
    private readonly Action<ISocketTaker> _removeRequest;

    public RelayedConnections(SocketLoops loops, IHostApplicationLifetime lifetime)
    {
        _loops = loops;
        _remove = relay => Count(((RelayPair)relay).Node, -1, isRequest: false);
        _removeRequest = relay => Count(((RelayPair)relay).Node, -1, isRequest: true);
        lifetime.ApplicationStopping.UnsafeRegister(static relayed => ((RelayedConnections)relayed!).EndAll(), this);
    }

    /// <summary>How many requests a node has, including these connections.</summary>
    public int RequestsOf(DestinationState node)
    {
        lock (_gate)
        {
            var (all, requests) = _counts.GetValueOrDefault(node.DestinationId);
            return node.ConcurrentRequestCount + all - requests;
        }
    }

    /// <param name="relay">The relay.</param>
    /// <param name="isRequest">Whether its request lasts as long as the relay, so that YARP counts it.</param>
    public void Add(RelayPair relay, bool isRequest)
    {
        Count(relay.Node, 1, isRequest);
        relay.OnClosed(isRequest ? _removeRequest : _remove);
    }

    /// <summary>The nodes that have relayed connections.</summary>
    public IReadOnlyList<string> Nodes()
    {
        lock (_gate)
        {
            return [.. _counts.Keys];
        }
    }

    /// <summary>Asks clients of a node to connect again, as if the node had done so itself.</summary>
    /// <param name="node">The node's id.</param>
    /// <param name="most">How many clients, at most.</param>
    public void SendElsewhere(string node, int most) => _loops.ForEach(socket =>
    {
        if (socket.Owner is SocketSide side && side.Pair.Node == node && !side.Pair.IsLeaving && Interlocked.Decrement(ref most) >= 0)
        {
            side.Pair.SendElsewhere();
        }
    });

    private void Count(string node, int more, bool isRequest)
    {
        lock (_gate)
        {
            var (all, requests) = _counts.GetValueOrDefault(node);
            all += more;
            if (all == 0)
            {
                _counts.Remove(node);
            }
            else
            {
                _counts[node] = (all, isRequest ? requests + more : requests);
            }
        }
    }

    // Ends the connections that are still there after the time that their nodes had to end them. The server would not wait for them.
    private void EndAll() => _loops.ForEach(static socket => (socket.Owner as SocketSide)?.Pair.Abort());
}
