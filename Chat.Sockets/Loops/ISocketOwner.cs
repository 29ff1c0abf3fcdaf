namespace Chat.Sockets.Loops;

/// <summary>Handles the events of a socket. Its methods are called on the thread of the socket's loop, and nowhere else.</summary>
internal interface ISocketOwner
{
    /// <summary>A watched event has occurred, or the socket has failed (<see cref="SocketLoop.Failed"/>).</summary>
    void OnReady(uint events);

    /// <summary>Called once a second, to end what has reached its time limit.</summary>
    void Tend();

    /// <summary>An exception was thrown that no code here throws on purpose: the owner has to end.</summary>
    void OnFault(Exception fault);
}
