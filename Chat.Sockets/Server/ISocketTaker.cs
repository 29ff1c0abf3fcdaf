namespace Chat.Sockets.Server;

/// <summary>Who has taken a connection's socket from the server.</summary>
internal interface ISocketTaker
{
    /// <summary>The server, which may not have let go of it yet, ends the connection. Called on the loop's thread.</summary>
    void Abort();
}
