namespace Chat.Api.Connections;

/// <summary>Puts bytes onto one connection. Used by one thread at a time (the outbox's lock sees to that).</summary>
internal interface IFrameSender
{
    /// <summary>Sends what can go without waiting. False: the connection is gone.</summary>
    bool TrySend(ReadOnlySpan<byte> bytes, out int sent);

    /// <summary>Sends all of it, waiting for the client as long as it takes.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Ends the connection at once, without a closing handshake. Never throws, even when it is long over.</summary>
    void Abort();
}
