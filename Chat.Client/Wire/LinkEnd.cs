namespace Chat.Client.Wire;

/// <summary>How a connection ended, or that it could not be made.</summary>
/// <param name="Code">The WebSocket close code; 1006 where there was no closing handshake.</param>
/// <param name="Reason">In words.</param>
/// <param name="Status">The HTTP status with which it was refused, if it was.</param>
/// <param name="RetryAfter">The pause that the server asked for.</param>
/// <param name="MayReconnect">False: the hub has said that the client is not to come back.</param>
internal sealed record LinkEnd(int Code, string Reason, int Status = 0, TimeSpan RetryAfter = default, bool MayReconnect = true);

/// <summary>The connection ended, or was refused.</summary>
internal sealed class LinkException(LinkEnd end, Exception? innerException = null) : Exception(end.Reason, innerException)
{
    public LinkEnd End => end;
}
