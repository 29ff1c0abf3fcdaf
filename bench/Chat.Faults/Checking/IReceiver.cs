namespace Chat.Faults.Checking;

/// <summary>A client as the checker sees it.</summary>
internal interface IReceiver
{
    string Name { get; }

    /// <summary>The topics it receives from beginning to end: <c>group:7</c> and, where it has one, its own, such as <c>user:anna</c>.</summary>
    IReadOnlyList<string> Topics { get; }

    Reception Reception { get; }

    /// <summary>Whether one of its connections has ended.</summary>
    bool WasInterrupted { get; }

    /// <summary>The number of messages that should not have come and are not in <see cref="Reception"/>: at a position that it had passed or, with
    /// our own library, of groups that it is not in.</summary>
    int Repeated { get; }
}
