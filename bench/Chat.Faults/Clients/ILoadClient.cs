using Chat.Faults.Checking;

namespace Chat.Faults.Clients;

/// <summary>A client under load: it does what its system's documentation asks of clients, and keeps what it gets.</summary>
internal interface ILoadClient : IAsyncDisposable
{
    string Name { get; }

    /// <summary>What it hears from beginning to end: <c>group:7</c>, and, where it has one, its own, such as <c>user:anna</c>.</summary>
    IReadOnlyList<string> Topics { get; }

    Reception Reception { get; }

    /// <summary>The id of the node it is connected to; empty between connections, and where it cannot be seen.</summary>
    string Node { get; }

    /// <summary>Whether a connection of it has ended.</summary>
    bool WasInterrupted { get; }

    /// <summary>Messages that came again at a position it had passed, and were not kept in <see cref="Reception"/>.</summary>
    int Repeated { get; }

    /// <summary>Returns when the server has acknowledged it or said that it failed.</summary>
    /// <exception cref="OperationCanceledException">The client was disposed of before.</exception>
    Task PublishAsync(SentMessage message);
}
