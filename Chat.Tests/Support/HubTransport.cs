namespace Chat.Tests.Support;

/// <summary>How a SignalR client reaches the hub.</summary>
public enum HubTransport
{
    /// <summary>Straight away: negotiation is skipped.</summary>
    WebSockets,

    NegotiatedWebSockets,

    ServerSentEvents,

    LongPolling,
}

/// <summary>What of a hub's client a test wants otherwise than usual.</summary>
internal sealed record HubClientOptions
{
    /// <summary>Null: one is fetched for the nick. Called for each request that carries it.</summary>
    public Func<string?>? Token { get; init; }

    /// <summary>Whether the token goes into the query, as browsers must, instead of the header. WebSockets only.</summary>
    public bool TokenInQuery { get; init; }

    /// <summary>Connects again by itself when the connection ends, at the address that is then right.</summary>
    public bool Reconnects { get; init; }

    /// <summary>When it connects again: tells the positions it has reached, so that it gets what it missed.</summary>
    public bool Resumes { get; init; }

    /// <summary>Does what a mirror asks of it, as the seed's client does.</summary>
    public bool Mirrors { get; init; }

    /// <summary>Instead of JSON.</summary>
    public bool SpeaksMessagePack { get; init; }

    /// <summary>Query of the first connection, such as <c>since=first:abc:3</c>.</summary>
    public string Query { get; init; } = "";
}
