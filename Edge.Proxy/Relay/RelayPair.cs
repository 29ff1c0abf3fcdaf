using System.Net.Security;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;

namespace Edge.Proxy.Relay;

/// <summary>Relays bytes in both directions between a client and its node after the upgrade, as the sockets are ready, until one of them ends.</summary>
/// <remarks>
/// If the client ends, the node is told, and its last bytes still get to the client. If the node ends, the client gets everything that came
/// from the node, is told, and has <see cref="LingerTime"/> to end as well. If the connection were closed at once, the bytes that the client
/// is still sending would reset it, and the node's last bytes could be lost with that. A reset by the client is passed on to the node.
/// </remarks>
internal sealed class RelayPair : ISocketTaker
{
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(5);

    // No client that is alive takes nothing for so long: its node pings it far more often, and has given it up by then.
    public static readonly TimeSpan LongestStandstill = TimeSpan.FromMinutes(1);

    // A close frame with 1012, after which all clients of ours reconnect.
    private static readonly byte[] Goodbye = [0x88, 2 + 9, 0x03, 0xF4, .. "node lost"u8];

    private readonly SocketLoop _loop;
    private readonly Lock _gate = new(); // guards _closed and the setting of IsOver
    private readonly TimeSpan _activityTimeout;
    private RelaySide _client = null!;
    private RelaySide _node = null!;
    private FrameEnds _fromNode;
    private long _activeAt;
    private long? _lingersSince;
    private long _tookAt; // when bytes for the client last arrived, or were taken after they had waited
    private Action<ISocketTaker>? _closed;

    private RelayPair(string nodeId, SocketLoop loop, TimeSpan activityTimeout)
    {
        Node = nodeId;
        _loop = loop;
        _activityTimeout = activityTimeout;
        _activeAt = _tookAt = loop.Now;
    }

    /// <summary>Relays from socket to socket. Called on the loop of both.</summary>
    /// <param name="nodeId">The node's id.</param>
    /// <param name="client">The client, whose socket it takes.</param>
    /// <param name="node">The socket of its node.</param>
    /// <param name="fromNode">What the node has sent already.</param>
    /// <param name="activityTimeout">How long there may be silence before it is ended.</param>
    /// <exception cref="IOException">The client has gone. The node's socket is still the caller's.</exception>
    public static RelayPair OverTcp(string nodeId, ClientLink client, LoopSocket node, ReadOnlySpan<byte> fromNode, TimeSpan activityTimeout)
    {
        var relay = new RelayPair(nodeId, client.Loop, activityTimeout);
        if (!client.TryDetach(relay, out var socket, out var fromClient, out var isEnded))
        {
            throw new IOException("The client went while it was answered.");
        }

        var side = new SocketSide(relay, socket);
        socket.Owner = side;
        relay.Begin(side, node, fromNode, fromClient, isEnded);
        return relay;
    }

    /// <summary>The same for a client whose TLS ends here. Its request goes on until the relay is over.</summary>
    /// <param name="nodeId">The node's id.</param>
    /// <param name="client">The client.</param>
    /// <param name="tls">Its TLS.</param>
    /// <param name="node">The socket of its node.</param>
    /// <param name="fromNode">What the node has sent already.</param>
    /// <param name="activityTimeout">How long there may be silence before it is ended.</param>
    /// <param name="over">Completes when the request may end.</param>
    public static RelayPair OverTls(
        string nodeId, ClientLink client, SslStream tls, LoopSocket node, ReadOnlySpan<byte> fromNode, TimeSpan activityTimeout, out Task over)
    {
        var relay = new RelayPair(nodeId, client.Loop, activityTimeout);
        var side = new TlsSide(relay, client, tls);
        relay.Begin(side, node, fromNode, TlsSide.TakeReceived(client.Transport.Input), isEnded: false);
        over = side.Over;
        return relay;
    }

    private void Begin(RelaySide client, LoopSocket node, ReadOnlySpan<byte> fromNode, ReadOnlySpan<byte> fromClient, bool isEnded)
    {
        var nodeSide = new SocketSide(this, node) { Other = client };
        node.Owner = nodeSide;
        (_client, _node) = (client, nodeSide);
        client.Other = nodeSide;
        // First, to keep the order: if fromNode has to wait for the client, Send begins to receive from it, and it may have sent more by now.
        nodeSide.Send(fromClient);
        _fromNode.Pass(fromNode);
        client.Send(fromNode);
        client.Watch();
        nodeSide.Watch();
        if (isEnded && !IsOver)
        {
            client.MarkReadToEnd();
            Ended(client, isReset: false);
        }
    }

    /// <summary>The node's id.</summary>
    public string Node { get; }

    /// <summary>Whether both sockets are closed.</summary>
    public bool IsOver { get; private set; }

    public void OnClosed(Action<ISocketTaker> closed)
    {
        lock (_gate)
        {
            if (!IsOver)
            {
                _closed += closed;
                return;
            }
        }

        closed(this);
    }

    public void Abort() => End(reset: false);

    /// <summary>Whether the node has ended.</summary>
    public bool IsLeaving => IsOver || _node.IsReadToEnd;

    /// <summary>Asks the client to connect again, in place of a node that no longer answers. On the loop.</summary>
    /// <remarks>If no frame of the node is under way, a close frame is sent. Otherwise the client sees its connection end.</remarks>
    public void SendElsewhere()
    {
        if (IsLeaving)
        {
            return;
        }

        if (_fromNode.IsBetweenFrames)
        {
            _client.Send(Goodbye);
        }

        if (!IsOver)
        {
            _node.CutOff();
            Ended(_node, isReset: false);
        }
    }

    /// <summary>Called when bytes have come from a side.</summary>
    public void Arrived(RelaySide from, ReadOnlySpan<byte> bytes)
    {
        if (from == _node)
        {
            _fromNode.Pass(bytes);
        }

        Progressed(from.Other);
    }

    /// <summary>Called when bytes have come from the other side, or gone to this one.</summary>
    public void Progressed(RelaySide to)
    {
        _activeAt = _loop.Now;
        if (to == _client)
        {
            _tookAt = _loop.Now;
            _lingersSince = _lingersSince is null ? null : _loop.Now;
        }
    }

    public void Tend(RelaySide side)
    {
        if (side != _client)
        {
            return; // one of the two is enough
        }

        if (_lingersSince is { } since && _loop.Since(since) >= LingerTime)
        {
            End(reset: false);
        }
        else if (_loop.Since(_activeAt) >= _activityTimeout || (_client.HasWaiting && _loop.Since(_tookAt) >= LongestStandstill))
        {
            End(reset: false);
        }
    }

    /// <summary>Called when nothing more comes from a side.</summary>
    public void Ended(RelaySide side, bool isReset)
    {
        if (side == _client && isReset)
        {
            End(reset: true);
            return;
        }

        if (side == _node)
        {
            _lingersSince = _loop.Now;
        }

        EndIfDone();
        if (!IsOver)
        {
            side.Other.EndSending();
        }
    }

    /// <summary>Called when a side has ended and not everything from it is read, since the other side takes no more at the moment.</summary>
    public void HungUp(RelaySide side, bool isReset)
    {
        if (side == _node)
        {
            _lingersSince = _loop.Now; // each byte that the client takes restarts this time
        }
        else if (isReset)
        {
            End(reset: true);
        }
    }

    /// <summary>Called when everything that waited for a side is sent.</summary>
    public void Emptied(RelaySide side)
    {
        if (side.Other.IsReadToEnd)
        {
            side.EndSending();
            EndIfDone();
        }
    }

    /// <summary>Called when a side takes no more. If it is the node, its last bytes may still have to be read.</summary>
    public void Deafened(RelaySide side)
    {
        if (side == _client)
        {
            End(reset: true);
            return;
        }

        EndIfDone();
    }

    private void EndIfDone()
    {
        if (_node.IsReadToEnd && _client.IsReadToEnd && !_node.HasWaiting && !_client.HasWaiting)
        {
            End(reset: false);
        }
    }

    private void End(bool reset)
    {
        if (IsOver)
        {
            return;
        }

        Action<ISocketTaker>? closed;
        lock (_gate)
        {
            IsOver = true;
            closed = _closed;
        }

        _client.Drop();
        _node.Drop();
        _client.Close(reset: false);
        _node.Close(reset);
        closed?.Invoke(this);
    }
}
