namespace Chat.Faults.Checking;

/// <summary>A client as the checker sees it.</summary>
internal interface IReceiver
{
    string Name { get; }

    /// <summary>What it hears from beginning to end: <c>group:7</c>, and, where it has one, its own, such as <c>user:anna</c>.</summary>
    IReadOnlyList<string> Topics { get; }

    Reception Reception { get; }

    /// <summary>Whether a connection of it has ended.</summary>
    bool WasInterrupted { get; }

    /// <summary>Messages that should not have come and were not kept in <see cref="Reception"/>: at a position that it had passed, or, on our own library, of others' groups.</summary>
    int Repeated { get; }
}
