using Chat.Faults.Checking;

namespace Chat.Faults.Clients;

/// <summary>A client under load. It does what its system's documentation asks of clients, and keeps all it receives.</summary>
internal interface ILoadClient : IReceiver, IAsyncDisposable
{
    /// <summary>The id of the node it is connected to; empty between connections, and where the id cannot be seen.</summary>
    string Node { get; }

    /// <summary>Returns when the server has acknowledged the message or said that it failed.</summary>
    /// <exception cref="OperationCanceledException">The client was disposed of before.</exception>
    Task PublishAsync(SentMessage message);
}
