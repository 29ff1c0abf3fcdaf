using Chat.Sockets.Server;
using Edge.Proxy.Relay;
using Edge.Proxy.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;

namespace Edge.Proxy.Capacity;

/// <summary>The clients' TCP connections: no more than the process can afford, and no idle one while others wait for its place.</summary>
/// <remarks>
/// <para>A client that connects has <see cref="EdgeOptions.HeaderTimeout"/> to ask for something. The server's own timeouts will not do. They begin with
/// the first byte, or bear with silence as long as between two requests, or count the time that a handshake waits for its turn here: with thousands
/// at once, those whose turn comes late would be cut off. Measured with 8,000 at once on one processor: all got in, the last after 20 s; when the
/// wait counted, none did.</para>
/// <para>Once a connection is relayed, it is over for the server, and only counted here until it ends.</para>
/// <para>When all places are taken, the connection that has been idle for the longest gives way: one that has not asked yet, or whose
/// requests are all answered. So thousands of clients that say nothing, or send their headers byte by byte, keep nobody out.</para>
/// </remarks>
internal sealed class ClientConnections(EdgeCapacity capacity, EdgeMetrics metrics, IOptions<EdgeOptions> options, TimeProvider time)
{
    // A client that has only just connected is about to ask: one round trip later, or two or three with TLS. The longer this is, the fewer silent
    // connections a second it takes to hold every place.
    private static readonly TimeSpan Chance = TimeSpan.FromMilliseconds(250);

    // Connections that gave way are open until their sockets are closed: no more than there are files kept free for such things.
    private const int MostEvicted = 32;

    // The server, which looks at the clock once a second, is to be first.
    private static readonly TimeSpan ServersTurn = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new(); // guards all that follows
    private readonly LinkedList<ClientConnection> _idle = []; // the longest idle one first
    private int _open; // without the evicted
    private int _evicted;
    private Action<RelayPair>? _closedRelay; // one for all

    /// <summary>How many there are now.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _open;
            }
        }
    }

    /// <summary>Serves a connection from its beginning to its end, TLS included.</summary>
    public async Task RunAsync(ConnectionContext context, ConnectionDelegate next)
    {
        var connection = new ClientConnection(this, context, time.GetTimestamp());
        if (!TryAdd(connection))
        {
            metrics.Refused(EdgeRefusal.Full);
            context.Abort();
            return;
        }

        context.Features.Set(connection);
        context.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((ClientConnection)state).Tend(), connection);
        await ClosedConnections.RunAsync(context, next, time, () => Remove(connection, context.Features.Get<ClientLink>()?.Taker as RelayPair));
    }

    /// <summary>A request of this connection has come.</summary>
    public void Began(ClientConnection connection)
    {
        connection.HasAsked = true;
        lock (_gate)
        {
            if (connection.Requests++ == 0)
            {
                Unlist_NeedsLock(connection);
            }
        }
    }

    /// <summary>A request of this connection is answered.</summary>
    public void Answered(ClientConnection connection)
    {
        lock (_gate)
        {
            if (--connection.Requests == 0 && !connection.IsEvicted)
            {
                connection.IdleSince = time.GetTimestamp();
                connection.Idle = _idle.AddLast(connection);
            }
        }
    }

    public void Tend(ClientConnection connection)
    {
        if (connection.HasAsked)
        {
            EndIfIdle(connection);
        }
        else if (time.GetElapsedTime(connection.AcceptedAt) - connection.Waited > options.Value.HeaderTimeout)
        {
            connection.HasAsked = true; // so that it is ended once
            metrics.Refused(EdgeRefusal.Silent);
            connection.End();
        }
    }

    // The server ends idle connections itself. Over HTTP/2, however, it does not while answers wait that the client has not read, and nobody else
    // knows of small ones.
    private void EndIfIdle(ClientConnection connection)
    {
        lock (_gate)
        {
            if (connection.Idle is null || time.GetElapsedTime(connection.IdleSince) <= options.Value.KeepAliveTimeout + options.Value.HeaderTimeout + ServersTurn)
            {
                return;
            }

            Unlist_NeedsLock(connection);
        }

        metrics.Refused(EdgeRefusal.Untaken);
        connection.End();
    }

    private bool TryAdd(ClientConnection connection)
    {
        ClientConnection? evicted = null;
        lock (_gate)
        {
            if (_open >= capacity.Clients)
            {
                evicted = _idle.First?.Value;
                if (evicted is null || _evicted >= MostEvicted || time.GetElapsedTime(evicted.IdleSince, connection.AcceptedAt) < Chance)
                {
                    return false;
                }

                Unlist_NeedsLock(evicted);
                evicted.IsEvicted = true;
                _evicted++;
                _open--;
            }

            _open++;
            connection.Idle = _idle.AddLast(connection);
        }

        if (evicted is not null)
        {
            metrics.Refused(EdgeRefusal.Idle);
            evicted.End();
        }

        return true;
    }

    private void Remove(ClientConnection connection, RelayPair? relay)
    {
        lock (_gate)
        {
            Unlist_NeedsLock(connection);
            if (connection.IsEvicted)
            {
                _evicted--;
                return;
            }

            connection.IsEvicted = true; // a request of it may still be ending
        }

        // A relayed connection is over for the server, but open. This object is not to be kept in memory for that.
        if (relay is null)
        {
            Closed();
        }
        else
        {
            relay.OnOver(_closedRelay ??= _ => Closed());
        }
    }

    private void Closed()
    {
        lock (_gate)
        {
            _open--;
        }
    }

    private void Unlist_NeedsLock(ClientConnection connection)
    {
        if (connection.Idle is { } place)
        {
            _idle.Remove(place);
            connection.Idle = null;
        }
    }
}
