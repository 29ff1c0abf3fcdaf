using System.Net.Security;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;

namespace Edge.Proxy.Relay;

/// <summary>A client and its node, once the upgrade is through: bytes both ways, by readiness, until one of them ends.</summary>
/// <remarks>
/// The client ends: the node is told and has the last word. The node ends: the client gets all that came from it, is told, and has
/// <see cref="LingerTime"/> to end as well; closed at once, what it is still sending would reset the connection, and the node's last
/// words could be lost with it. A reset of the client goes on to the node.
/// </remarks>
internal sealed class RelayPair : ISocketTaker
{
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(5);

    // No client that lives takes nothing for so long: its node pings it far more often, and has given it up by then.
    public static readonly TimeSpan LongestStandstill = TimeSpan.FromMinutes(1);

    // A close frame: 1012, for which every client of ours reconnects.
    private static readonly byte[] Goodbye = [0x88, 2 + 9, 0x03, 0xF4, .. "node lost"u8];

    private readonly SocketLoop _loop;
    private readonly Lock _gate = new(); // guards _then, and that IsOver is set
    private readonly TimeSpan _activityTimeout;
    private RelaySide _client = null!;
    private RelaySide _node = null!;
    private FrameEnds _fromNode;
    private long _activeAt;
    private long? _lingersSince;
    private long _tookAt; // something that waited for the client
    private Action<RelayPair>? _then;

    private RelayPair(string nodeId, SocketLoop loop, TimeSpan activityTimeout)
    {
        Node = nodeId;
        _loop = loop;
        _activityTimeout = activityTimeout;
        _activeAt = _tookAt = loop.Now;
    }

    /// <summary>Relays from socket to socket. On the loop of both.</summary>
    /// <param name="nodeId">The node's.</param>
    /// <param name="client">Whose socket it takes.</param>
    /// <param name="node">Its node.</param>
    /// <param name="fromNode">What the node has sent already.</param>
    /// <param name="activityTimeout">Silence for so long ends it.</param>
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

    /// <summary>The same for a client whose TLS ends here, and whose request goes on until then.</summary>
    /// <param name="nodeId">The node's.</param>
    /// <param name="client">The client.</param>
    /// <param name="tls">Its TLS.</param>
    /// <param name="node">Its node.</param>
    /// <param name="fromNode">What the node has sent already.</param>
    /// <param name="activityTimeout">Silence for so long ends it.</param>
    /// <param name="over">When the request may end.</param>
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
        nodeSide.Send(fromClient); // first: what waits for the client lets it be heard, and it may have sent more by now
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

    /// <summary>Both sockets are closed.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Calls this when it is over; at once if it is. Whoever counts connections gives theirs back here.</summary>
    /// <param name="then">Must not throw or block.</param>
    public void OnOver(Action<RelayPair> then)
    {
        lock (_gate)
        {
            if (!IsOver)
            {
                _then += then;
                return;
            }
        }

        then(this);
    }

    public void Abort() => End(reset: false);

    /// <summary>Whether the node has ended.</summary>
    public bool IsLeaving => IsOver || _node.IsReadToEnd;

    /// <summary>Asks the client to connect again, in place of a node that does not answer any more. On the loop.</summary>
    /// <remarks>In words where no frame of the node's is under way; else the client sees its connection end.</remarks>
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

    /// <summary>These have come from that side.</summary>
    public void Arrived(RelaySide from, ReadOnlySpan<byte> bytes)
    {
        if (from == _node)
        {
            _fromNode.Pass(bytes);
        }

        Progressed(from.Other);
    }

    /// <summary>Something has come from the other side, or gone to this one.</summary>
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

    /// <summary>Nothing more comes from this side.</summary>
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

    /// <summary>This side has ended, and not all of what came from it is read, since the other one takes no more at the moment.</summary>
    public void HungUp(RelaySide side, bool isReset)
    {
        if (side == _node)
        {
            _lingersSince = _loop.Now; // each byte that the client takes gives it as long again
        }
        else if (isReset)
        {
            End(reset: true);
        }
    }

    /// <summary>All that came for this side is sent.</summary>
    public void Emptied(RelaySide side)
    {
        if (side.Other.IsReadToEnd)
        {
            side.EndSending();
            EndIfDone();
        }
    }

    /// <summary>This side takes no more. The node may have said its last words before, which are still to be read.</summary>
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

        Action<RelayPair>? then;
        lock (_gate)
        {
            IsOver = true;
            then = _then;
        }

        _client.Drop();
        _node.Drop();
        _client.Close(reset: false);
        _node.Close(reset);
        then?.Invoke(this);
    }
}
