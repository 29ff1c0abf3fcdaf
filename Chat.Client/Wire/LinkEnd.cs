namespace Chat.Client.Wire;

/// <summary>How a connection ended, or why it could not be made.</summary>
/// <param name="Code">The WebSocket close code; 1006 if there was no closing handshake.</param>
/// <param name="Reason">The reason in words.</param>
/// <param name="Status">The HTTP status with which the connection was refused; 0 if there was none.</param>
/// <param name="RetryAfter">The pause that the server asked for.</param>
/// <param name="MayReconnect">False: the hub has said that the client must not come back.</param>
internal sealed record LinkEnd(int Code, string Reason, int Status = 0, TimeSpan RetryAfter = default, bool MayReconnect = true);

/// <summary>The connection ended, or was refused.</summary>
internal sealed class LinkException(LinkEnd end, Exception? innerException = null) : Exception(end.Reason, innerException)
{
    public LinkEnd End => end;
}
