namespace Chat.Client;

/// <summary>A message that is published: it is in the log, and will not be lost.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Position">Its place in the log.</param>
public sealed record ChatPublished(string Id, ChatPosition Position);

/// <summary>What a group's log has.</summary>
/// <param name="Messages">The oldest first.</param>
/// <param name="Position">How far it goes: ask from there for more.</param>
/// <param name="Recovered">False: the log no longer has all that was asked for.</param>
public sealed record ChatHistory(IReadOnlyList<ChatMessage> Messages, ChatPosition Position, bool Recovered);

/// <summary>How a user has left a group.</summary>
/// <param name="Nodes">How many nodes have confirmed that none of the user's connections there gets anything more.</param>
/// <param name="Of">How many nodes there are. Those that have not confirmed meet the removal in the group's log.</param>
public sealed record ChatLeft(int Nodes, int Of);
