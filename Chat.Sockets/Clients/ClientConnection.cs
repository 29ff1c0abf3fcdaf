using Chat.Sockets.Server;
using Microsoft.AspNetCore.Connections;

namespace Chat.Sockets.Clients;

/// <summary>A client's TCP connection, as <see cref="ClientConnections"/> counts it. It is a feature of each of its requests.</summary>
internal sealed class ClientConnection(ClientConnections connections, ConnectionContext context, long acceptedAt)
{
    private readonly ClientLink? _link = context.Features.Get<ClientLink>();

    /// <summary>Whether a request has come.</summary>
    public bool HasAsked { get; set; }

    /// <summary>When it was accepted.</summary>
    public long AcceptedAt { get; } = acceptedAt;

    /// <summary>How long it has waited for us meanwhile.</summary>
    public TimeSpan Waited => _link?.Waited ?? TimeSpan.Zero;

    /// <summary>Who has taken its socket from the server.</summary>
    public ISocketTaker? Taker => _link?.Taker;

    // The rest is guarded by the lock of ClientConnections.

    /// <summary>How many requests are being answered; over HTTP/2 there may be several.</summary>
    public int Requests { get; set; }

    /// <summary>Since when no request is being answered.</summary>
    public long IdleSince { get; set; } = acceptedAt;

    /// <summary>Its place in the list of idle connections.</summary>
    public LinkedListNode<ClientConnection>? Idle { get; set; }

    public bool IsEvicted { get; set; }

    /// <summary>Called about once a second.</summary>
    public void Tend() => connections.Tend(this);

    public void End() => context.Abort();
}
