using Chat.Faults.Checking;

namespace Chat.Faults.Clients;

/// <summary>A client under load: it does what its system's documentation asks of clients, and keeps what it gets.</summary>
internal interface ILoadClient : IReceiver, IAsyncDisposable
{
    /// <summary>The id of the node it is connected to; empty between connections, and where it cannot be seen.</summary>
    string Node { get; }

    /// <summary>Returns when the server has acknowledged it or said that it failed.</summary>
    /// <exception cref="OperationCanceledException">The client was disposed of before.</exception>
    Task PublishAsync(SentMessage message);
}
