using System.Text.Json.Serialization;
using MessagePack;

namespace Chat.Api.Hubs;

// Arguments and results of the hub's methods, with the same names in JSON and in MessagePack. Requests may carry a nick, because the clients of the
// original SignalR chat send one. It is ignored, since the token says who the user is.
// SignalR logs the arguments of every call at level Debug, using ToString. Types that hold written text or a token leave it out of that.

/// <param name="Message">Text.</param>
/// <param name="Group">The group to write to.</param>
/// <param name="Nick">Ignored.</param>
/// <param name="Id">The client's id for this message. A message sent again with the same id is not doubled.</param>
[MessagePackObject]
public sealed record PostRequest(
    [property: Key("message")] string? Message,
    [property: Key("group")] string? Group,
    [property: Key("nick")] string? Nick = null,
    [property: Key("id")] string? Id = null)
{
    public override string ToString() => nameof(PostRequest);
}

/// <param name="To">The recipient.</param>
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

/// <param name="Group">The group to join.</param>
/// <param name="Nick">Ignored.</param>
/// <param name="Since">The position, <c>{epoch}:{offset}</c>, of the last message that the client has. It gets the messages after that.</param>
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

/// <param name="Group">The group to ask about.</param>
/// <param name="Watch">Whether the event <c>presence</c> tells the connection from now on who comes and goes. Default true.</param>
[MessagePackObject]
public sealed record PresenceRequest(
    [property: Key("group")] string? Group,
    [property: Key("watch")] bool? Watch = null);

/// <param name="Group">The group to read.</param>
/// <param name="Since">A position, <c>{epoch}:{offset}</c>: the messages after it are returned, oldest first. Without it, the latest.</param>
/// <param name="Limit">The most messages to return.</param>
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

/// <param name="Id">The message's id: the client's, or one that the server gave.</param>
/// <param name="Epoch">Identifies the life of the log.</param>
/// <param name="Offset">The message's place in the log.</param>
[MessagePackObject]
public sealed record PostAnswer(
    [property: Key("id")] string Id,
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset);

/// <param name="Epoch">Identifies the life of the log.</param>
/// <param name="Offset">The offset up to which the answer goes.</param>
/// <param name="Recovered">False if something is missing between what the client had and <paramref name="Messages"/>.</param>
/// <param name="Messages">Oldest first.</param>
/// <param name="Deletions">What the log says, up to there, about messages that were deleted; null if nothing.</param>
[MessagePackObject]
public sealed record MessagesAnswer(
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset,
    [property: Key("recovered")] bool Recovered,
    [property: Key("messages")] IReadOnlyList<GroupMessage> Messages,
    [property: Key("deletions"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<GroupDeletion>? Deletions = null);

/// <summary>A group's message, in the shape of the event <c>message</c>.</summary>
[MessagePackObject]
public sealed record GroupMessage(
    [property: Key("message")] string Message,
    [property: Key("group")] string Group,
    [property: Key("nick")] string Nick,
    [property: Key("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset,
    [property: Key("at")] long At);

/// <summary>The deletion of a group's message, in the shape of the event <c>deleted</c>.</summary>
[MessagePackObject]
public sealed record GroupDeletion(
    [property: Key("group")] string Group,
    [property: Key("nick")] string Nick,
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset,
    [property: Key("at")] long At,
    [property: Key("deleted")] DeletedGroupMessage Deleted);

/// <param name="Id">The message's id.</param>
/// <param name="Epoch">The life of the log in which it was published.</param>
/// <param name="Offset">Its place in the log.</param>
[MessagePackObject]
public sealed record DeletedGroupMessage(
    [property: Key("id")] string Id,
    [property: Key("epoch")] string Epoch,
    [property: Key("offset")] long Offset);

/// <param name="Nodes">The number of nodes that have confirmed that none of the user's connections there gets anything more.</param>
/// <param name="Of">The number of nodes in the cluster.</param>
[MessagePackObject]
public sealed record LeaveAnswer(
    [property: Key("nodes")] int Nodes,
    [property: Key("of")] int Of);

[MessagePackObject]
public sealed record RefreshAnswer([property: Key("expiresAt")] DateTimeOffset? ExpiresAt);

/// <param name="Version">Grows with each change; an event with no higher version is older than this answer.</param>
/// <param name="Count">How many users are in the group.</param>
/// <param name="Members">The users; null if there are too many to name.</param>
[MessagePackObject]
public sealed record PresenceAnswer(
    [property: Key("version")] long Version,
    [property: Key("count")] long Count,
    [property: Key("members")] IReadOnlyList<GroupMember>? Members);

/// <param name="Nick">The user.</param>
/// <param name="Connections">How many connections they have in the group.</param>
[MessagePackObject]
public sealed record GroupMember(
    [property: Key("nick")] string Nick,
    [property: Key("connections")] long Connections);
