using System.Text.Json.Serialization;

namespace Chat.Api.Hubs;

// What the hub's methods take and answer. A nick in a request is taken for the seed's clients' sake and never looked at:
// who somebody is, the token says.
// SignalR logs the arguments of every call at level Debug, as their ToString has them: those that hold what people wrote,
// or a token, have none of it.

/// <param name="Message">Text.</param>
/// <param name="Group">Where to.</param>
/// <param name="Nick">Ignored.</param>
/// <param name="Id">The client's id for this message; sent again with it, it is not doubled.</param>
public sealed record PostRequest(string? Message, string? Group, string? Nick = null, string? Id = null)
{
    public override string ToString() => nameof(PostRequest);
}

/// <param name="To">A user.</param>
/// <param name="Message">Text.</param>
/// <param name="Id">As in <see cref="PostRequest"/>.</param>
public sealed record SendRequest(string? To, string? Message, string? Id = null)
{
    public override string ToString() => nameof(SendRequest);
}

/// <param name="Group">Which.</param>
/// <param name="Nick">Ignored.</param>
/// <param name="Since"><c>{epoch}:{offset}</c> of the last message the client has: it gets those since.</param>
public sealed record JoinRequest(string? Group, string? Nick = null, string? Since = null);

public sealed record LeaveRequest(string? Group, string? Nick = null);

public sealed record UnsubscribeRequest(string? Group);

public sealed record TypingRequest(string? Group);

/// <param name="Group">Which.</param>
/// <param name="Since"><c>{epoch}:{offset}</c>: messages after it, oldest first. Without it the latest.</param>
/// <param name="Limit">At most so many.</param>
public sealed record HistoryRequest(string? Group, string? Since = null, int? Limit = null);

public sealed record RefreshRequest(string? Token)
{
    public override string ToString() => nameof(RefreshRequest);
}

/// <param name="Id">The client's, or one the server gave.</param>
/// <param name="Epoch">Which life of the log.</param>
/// <param name="Offset">Its place in it.</param>
public sealed record PostAnswer(string Id, string Epoch, long Offset);

/// <param name="Epoch">Which life of the log.</param>
/// <param name="Offset">Up to where the answer tells.</param>
/// <param name="Recovered">False: between what the client had and <paramref name="Messages"/> something is missing.</param>
/// <param name="Messages">Oldest first.</param>
public sealed record MessagesAnswer(string Epoch, long Offset, bool Recovered, IReadOnlyList<GroupMessage> Messages);

/// <summary>A message of a group, as the event <c>message</c> has it.</summary>
public sealed record GroupMessage(
    string Message,
    string Group,
    string Nick,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    string Epoch,
    long Offset,
    long At);

/// <param name="Nodes">Nodes that have confirmed that none of the user's connections there gets anything more.</param>
/// <param name="Of">Nodes there are.</param>
public sealed record LeaveAnswer(int Nodes, int Of);

public sealed record RefreshAnswer(DateTimeOffset? ExpiresAt);
