namespace Chat.Api.Connections;

/// <summary>Puts bytes onto one connection. Used by one thread at a time (the outbox's lock sees to that).</summary>
internal interface IFrameSender
{
    /// <summary>Sends as much as it can without waiting. Returns false if the connection is gone.</summary>
    bool TrySend(ReadOnlySpan<byte> bytes, out int sent);

    /// <summary>Sends everything, waiting for the client for as long as that takes.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>The client does not keep up: makes the outbox go on (<see cref="Outbox.GoOn"/>) once the client does, or is gone. Called
    /// under the outbox's lock.</summary>
    /// <returns>False if the sender cannot tell when. The outbox then waits itself, by <see cref="SendAsync"/>.</returns>
    bool TellsRoom(Outbox outbox) => false;

    /// <summary>Ends the connection at once, without a closing handshake. Never throws, even if it ended long ago.</summary>
    void Abort();
}
