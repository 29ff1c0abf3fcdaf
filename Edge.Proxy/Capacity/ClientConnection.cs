using Microsoft.AspNetCore.Connections;

namespace Edge.Proxy.Capacity;

/// <summary>A client's TCP connection, as the one who counts them sees it. A feature of each of its requests.</summary>
internal sealed class ClientConnection(ClientConnections connections, ConnectionContext context, long acceptedAt)
{
    /// <summary>Whether a request has come.</summary>
    public bool HasAsked { get; set; }

    /// <summary>When it was accepted.</summary>
    public long AcceptedAt { get; } = acceptedAt;

    // The rest is guarded by the lock of ClientConnections.

    /// <summary>How many requests are being answered; over HTTP/2 there may be several.</summary>
    public int Requests { get; set; }

    /// <summary>Since when there is none.</summary>
    public long IdleSince { get; set; } = acceptedAt;

    /// <summary>Its place among the idle.</summary>
    public LinkedListNode<ClientConnection>? Idle { get; set; }

    public bool IsEvicted { get; set; }

    /// <summary>Called about once a second.</summary>
    public void Tend() => connections.Tend(this);

    public void End() => context.Abort();
}
