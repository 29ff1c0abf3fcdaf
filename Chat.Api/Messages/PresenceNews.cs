namespace Chat.Api.Messages;

/// <summary>What watchers of a topic are told about who is in it: all of its users, a change to that, or only how many they are.</summary>
/// <param name="Version">Grows by one with each change. News up to a version that is known already is old.</param>
/// <param name="Count">How many users are in the topic.</param>
internal sealed record PresenceNews(long Version, long Count)
{
    /// <summary>Every user in the topic; null if this is a change, or if there are too many to name them.</summary>
    public IReadOnlyList<PresentUser>? Members { get; init; }

    /// <summary>Users who were not in the topic before.</summary>
    public IReadOnlyList<string> Joined { get; init; } = [];

    /// <summary>Users who are no longer in the topic.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    /// <summary>Whether it names nobody, because there are too many users.</summary>
    public bool IsCountOnly => Members is null && Joined.Count == 0 && Left.Count == 0;
}

/// <param name="Id">The user.</param>
/// <param name="Connections">How many connections they have in the topic.</param>
internal readonly record struct PresentUser(string Id, long Connections);
