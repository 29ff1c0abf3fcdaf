namespace Chat.Sockets.Server;

/// <summary>The object that has taken a connection's socket from the server.</summary>
internal interface ISocketTaker
{
    /// <summary>Called on the loop's thread when the server, which may not have released the connection yet, ends it.</summary>
    void Abort();

    /// <summary>Calls <paramref name="closed"/> when the socket is closed, or at once if it is already. Code that counts connections counts one less
    /// here.</summary>
    /// <param name="closed">Must not throw or block.</param>
    void OnClosed(Action<ISocketTaker> closed);
}
