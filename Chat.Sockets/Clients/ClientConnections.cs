using Chat.Sockets.Server;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Chat.Sockets.Clients;

/// <summary>The clients' TCP connections: no more than the process can afford, and no idle one while others wait for its place.</summary>
/// <remarks>
/// <para>A client that connects has <see cref="ClientBounds.FirstRequest"/> to ask for something. The server's own timeouts will not do. They begin with
/// the first byte, or bear with silence as long as between two requests, or count the time that a handshake waits for its turn here: with thousands
/// at once, those whose turn comes late would be cut off. Measured with 8,000 at once on one processor: all got in, the last after 20 s; when the
/// wait counted, none did.</para>
/// <para>Once somebody has taken a connection's socket, it is over for the server, and only counted here until it ends.</para>
/// <para>When all places are taken, the connection that has been idle for the longest gives way: one that has not asked yet, or whose
/// requests are all answered. So thousands of clients that say nothing, or send their headers byte by byte, keep nobody out.</para>
/// </remarks>
internal sealed class ClientConnections(ClientBounds bounds, TimeProvider time)
{
    // A client that has only just connected is about to ask: one round trip later, or two or three with TLS. The longer this is, the fewer silent
    // connections a second it takes to hold every place.
    private static readonly TimeSpan Chance = TimeSpan.FromMilliseconds(250);

    // Connections that gave way are open until their sockets are closed: no more than there are files kept free for such things.
    private const int MostEvicted = 32;

    private readonly Lock _gate = new(); // guards all that follows
    private readonly LinkedList<ClientConnection> _idle = []; // the longest idle one first
    private int _open; // without the evicted
    private int _evicted;
    private Action<ISocketTaker>? _closedTaken; // one for all

    /// <summary>Registers it, around everything that the server does with a connection.</summary>
    public static void Add(IServiceCollection services, Func<IServiceProvider, ClientBounds> create)
    {
        services.AddSingleton(provider => new ClientConnections(create(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddTransient<IStartupFilter, RequestCount>();
        // Not Kestrel's MaxConcurrentConnections, which does not count WebSockets.
        services.AddOptions<KestrelServerOptions>().Configure<ClientConnections>(static (kestrel, connections) =>
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => connections.RunAsync(connection, next))));
    }

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
            bounds.Refused(ClientRefusal.Full);
            context.Abort();
            return;
        }

        context.Features.Set(connection);
        context.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((ClientConnection)state).Tend(), connection);
        await ClosedConnections.RunAsync(context, next, time, () => Remove(connection));
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
            if (--connection.Requests == 0 && !connection.IsEvicted && connection.Taker is null)
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
        else if (time.GetElapsedTime(connection.AcceptedAt) - connection.Waited > bounds.FirstRequest)
        {
            connection.HasAsked = true; // so that it is ended once
            bounds.Refused(ClientRefusal.Silent);
            connection.End();
        }
    }

    // The server ends idle connections itself. Over HTTP/2, however, it does not while answers wait that the client has not read, and nobody else
    // knows of small ones.
    private void EndIfIdle(ClientConnection connection)
    {
        lock (_gate)
        {
            if (connection.Idle is null || time.GetElapsedTime(connection.IdleSince) <= bounds.Idle)
            {
                return;
            }

            Unlist_NeedsLock(connection);
        }

        bounds.Refused(ClientRefusal.Untaken);
        connection.End();
    }

    private bool TryAdd(ClientConnection connection)
    {
        ClientConnection? evicted = null;
        lock (_gate)
        {
            if (_open >= bounds.Most)
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
            bounds.Refused(ClientRefusal.Idle);
            evicted.End();
        }

        return true;
    }

    private void Remove(ClientConnection connection)
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

        // A connection whose socket somebody has taken is over for the server, but open. This object is not to be kept in memory for that.
        if (connection.Taker is { } taker)
        {
            taker.OnClosed(_closedTaken ??= _ => Closed());
        }
        else
        {
            Closed();
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
