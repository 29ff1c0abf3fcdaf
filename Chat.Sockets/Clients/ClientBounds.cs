namespace Chat.Sockets.Clients;

/// <summary>What a server allows its clients' TCP connections.</summary>
internal sealed class ClientBounds
{
    /// <summary>How many there may be.</summary>
    public required int Most { get; init; }

    /// <summary>How long a client may take until its first request has come, TLS included, without the time that its handshake waits for us.</summary>
    public required TimeSpan FirstRequest { get; init; }

    /// <summary>How long a connection without a request may stay. The server, which does not see all of them, has to be first.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>Called when a connection is refused or ended.</summary>
    public required Action<ClientRefusal> Refused { get; init; }
}

/// <summary>Why a TCP connection was refused or ended.</summary>
internal enum ClientRefusal
{
    /// <summary>There are as many as there may be, and none of them is idle.</summary>
    Full,

    /// <summary>No request came in time.</summary>
    Silent,

    /// <summary>It was idle, and made room for another one.</summary>
    Idle,

    /// <summary>It was idle for too long for the server, which waits for its client to read answers.</summary>
    Untaken,
}
