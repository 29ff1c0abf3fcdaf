namespace Chat.Tests.Support;

/// <summary>How a SignalR client reaches the hub.</summary>
public enum HubTransport
{
    /// <summary>A WebSocket without negotiation.</summary>
    WebSockets,

    NegotiatedWebSockets,

    ServerSentEvents,

    LongPolling,
}

/// <summary>The ways in which a test wants a hub client to differ from the default.</summary>
internal sealed record HubClientOptions
{
    /// <summary>Called for each request that carries a token. Null: a token is fetched for the nick.</summary>
    public Func<string?>? Token { get; init; }

    /// <summary>Whether the token goes into the query, where browsers must put it, instead of the header. WebSockets only.</summary>
    public bool TokenInQuery { get; init; }

    /// <summary>Whether the client reconnects by itself when the connection ends, to the address that is right by then.</summary>
    public bool Reconnects { get; init; }

    /// <summary>Whether the client sends the positions it has reached when it reconnects, so that it receives the messages it missed.</summary>
    public bool Resumes { get; init; }

    /// <summary>Whether the client does as a mirror asks, like the seed's client.</summary>
    public bool Mirrors { get; init; }

    /// <summary>Whether the client speaks MessagePack instead of JSON.</summary>
    public bool SpeaksMessagePack { get; init; }

    /// <summary>The query of the first connection, such as <c>since=first:abc:3</c>.</summary>
    public string Query { get; init; } = "";
}
