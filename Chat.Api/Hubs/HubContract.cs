using System.Text.Json.Serialization;
using MessagePack;

namespace Chat.Api.Hubs;

// What the hub's methods take and answer, under the same names in JSON and in MessagePack. A nick in a request is taken for
// the sake of the clients of the seed and never looked at:
// who somebody is, the token says.
// SignalR logs the arguments of every call at level Debug, as their ToString has them: those that hold what people wrote,
// or a token, have none of it.

/// <param name="Message">Text.</param>
/// <param name="Group">Where to.</param>
/// <param name="Nick">Ignored.</param>
/// <param name="Id">The client's id for this message; sent again with it, it is not doubled.</param>
[MessagePackObject]
public sealed record PostRequest(
    [property: Key("message")] string? Message,
    [property: Key("group")] string? Group,
    [property: Key("nick")] string? Nick = null,
    [property: Key("id")] string? Id = null)
{
    public override string ToString() => nameof(PostRequest);
}

/// <param name="To">A user.</param>
/// <param name="Message">Text.</param>
/// <param name="Id">As in <see cref="PostRequest"/>.</param>
[MessagePackObject]
public sealed record SendRequest(
    [property: Key("to")] string? To,
    [property: Key("message")] string? Message,
    [property: Key("id")] string? Id = null)
{
    public override string ToString() => nameof(SendRequest);
}

/// <param name="Group">Which.</param>
/// <param name="Nick">Ignored.</param>
/// <param name="Since"><c>{epoch}:{offset}</c> of the last message the client has: it gets those since.</param>
[MessagePackObject]
public sealed record JoinRequest(
    [property: Key("group")] string? Group,
    [property: Key("nick")] string? Nick = null,
    [property: Key("since")] string? Since = null);

[MessagePackObject]
public sealed record LeaveRequest(
    [property: Key("group")] string? Group,
    [property: Key("nick")] string? Nick = null);

[MessagePackObject]
public sealed record UnsubscribeRequest([property: Key("group")] string? Group);

[MessagePackObject]
public sealed record TypingRequest([property: Key("group")] string? Group);

/// <param name="Group">Which.</param>
/// <param name="Since"><c>{epoch}:{offset}</c>: messages after it, oldest first. Without it the latest.</param>
/// <param name="Limit">At most so many.</param>
[MessagePackObject]
public sealed record HistoryRequest(
    [property: Key("group")] string? Group,
    [property: Key("since")] string? Since = null,
    [property: Key("limit")] int? Limit = null);

[MessagePackObject]
public sealed record RefreshRequest([property: Key("token")] string? Token)
{
    public override string ToString() => nameof(RefreshRequest);
}

/// <param name="Id">The client's, or one the server gave.</param>
/// <param name="Epoch">Which life of the log.</param>
/// <param name="Offset">Its place in it.</param>
[MessagePackObject]
public sealed record PostAnswer(
    [property: Key("id")] string Id,
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset);

/// <param name="Epoch">Which life of the log.</param>
/// <param name="Offset">Up to where the answer tells.</param>
/// <param name="Recovered">False: between what the client had and <paramref name="Messages"/> something is missing.</param>
/// <param name="Messages">Oldest first.</param>
[MessagePackObject]
public sealed record MessagesAnswer(
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset,
    [property: Key("recovered")] bool Recovered,
    [property: Key("messages")] IReadOnlyList<GroupMessage> Messages);

/// <summary>A message of a group, as the event <c>message</c> has it.</summary>
[MessagePackObject]
public sealed record GroupMessage(
    [property: Key("message")] string Message,
    [property: Key("group")] string Group,
    [property: Key("nick")] string Nick,
    [property: Key("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset,
    [property: Key("at")] long At);

/// <param name="Nodes">Nodes that have confirmed that none of the user's connections there gets anything more.</param>
/// <param name="Of">Nodes there are.</param>
[MessagePackObject]
public sealed record LeaveAnswer(
    [property: Key("nodes")] int Nodes,
    [property: Key("of")] int Of);

[MessagePackObject]
public sealed record RefreshAnswer([property: Key("expiresAt")] DateTimeOffset? ExpiresAt);
