namespace Chat.Sockets.Server;

/// <summary>The object that has taken a connection's socket from the server.</summary>
internal interface ISocketTaker
{
    /// <summary>Called on the loop's thread when the server, which may not have released the connection yet, ends it.</summary>
    void Abort();
}
