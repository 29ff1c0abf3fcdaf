namespace Chat.Client;

/// <summary>A published message: it is in the log, and will not be lost.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Position">Its place in the log.</param>
public sealed record ChatPublished(string Id, ChatPosition Position);

/// <summary>A part of a group's log.</summary>
/// <param name="Messages">The messages, the oldest first.</param>
/// <param name="Position">How far the messages go: ask from there for more.</param>
/// <param name="Recovered">False: the log no longer has everything that was asked for.</param>
public sealed record ChatHistory(IReadOnlyList<ChatMessage> Messages, ChatPosition Position, bool Recovered)
{
    /// <summary>What this part of the log says about messages that were deleted; they may stand before it, and are not among <see cref="Messages"/>.</summary>
    public IReadOnlyList<ChatDeleted> Deletions { get; init; } = [];
}

/// <summary>The result of leaving a group.</summary>
/// <param name="Nodes">How many nodes have confirmed that the user's connections there get nothing more of the group.</param>
/// <param name="Of">How many nodes there are. A node that has not confirmed finds the removal in the group's log.</param>
public sealed record ChatLeft(int Nodes, int Of);
