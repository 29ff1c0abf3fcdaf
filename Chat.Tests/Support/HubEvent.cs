namespace Chat.Tests.Support;

/// <summary>A call of the hub on a client. The fields it has depend on its name.</summary>
internal sealed record HubEvent(
    string Name = "",
    string? Group = null,
    string? Nick = null,
    string? Message = null,
    string? To = null,
    string? Id = null,
    string? Epoch = null,
    long Offset = 0,
    long At = 0,
    bool? Recovered = null,
    string? Method = null,
    HubGroup? Payload = null,
    long Version = 0,
    long Count = 0,
    HubMember[]? Members = null,
    string[]? Joined = null,
    string[]? Left = null,
    long? Until = null,
    string? User = null,
    string? Node = null,
    long GroupsSince = 0,
    ChatDeletion? Deleted = null)
{
    public string Position => $"{Epoch}:{Offset}";
}

/// <summary>The argument that a mirror has to send back.</summary>
internal sealed record HubGroup(string Group);

/// <summary>The answer to <c>post</c> and <c>send</c>.</summary>
internal sealed record HubPublished(string Id, string Epoch, long Offset);

/// <summary>The answer to <c>join</c> and <c>history</c>.</summary>
internal sealed record HubHistory(string Epoch, long Offset, bool Recovered, HubEvent[] Messages, HubEvent[]? Deletions = null)
{
    public string Position => $"{Epoch}:{Offset}";
}

/// <summary>The answer to <c>leave</c>: how many nodes have confirmed, and how many there are.</summary>
internal sealed record HubLeft(int Nodes, int Of);

/// <summary>The answer to <c>refresh</c>.</summary>
internal sealed record HubRefreshed(DateTimeOffset ExpiresAt);

/// <summary>The answer to <c>presence</c>. It has no members when there are too many.</summary>
internal sealed record HubPresence(long Version, long Count, HubMember[]? Members);

internal sealed record HubMember(string Nick, long Connections);
