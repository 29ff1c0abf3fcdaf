namespace Chat.Sockets.Loops;

/// <summary>Whose turn it is when something happens at a socket. Called on the thread of its loop, and nowhere else.</summary>
internal interface ISocketOwner
{
    /// <summary>The socket is ready for what was watched, or has failed (<see cref="SocketLoop.Failed"/>).</summary>
    void OnReady(uint events);

    /// <summary>Once a second, for what has to end at some time.</summary>
    void Tend();

    /// <summary>Something was thrown that nothing here throws: end.</summary>
    void OnFault(Exception fault);
}
