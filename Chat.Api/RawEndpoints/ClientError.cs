using System.Globalization;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.RawEndpoints;

/// <summary>What was wrong with a message. The connection stays open. docs/PROTOCOL.md lists the codes and what a client should do.</summary>
/// <param name="Code">For programs.</param>
/// <param name="Text">For people.</param>
/// <param name="Retry">Whether the same message may succeed later.</param>
/// <param name="IsMalformed">Whether it counts towards <c>MalformedInARow</c>.</param>
internal sealed record ClientError(string Code, string Text, bool Retry = false, bool IsMalformed = false)
{
    public static readonly ClientError Malformed = new(
        "malformed", "The message is not JSON of the expected shape.", IsMalformed: true);

    public static readonly ClientError InvalidId = new(
        "invalid_id", ChatId.Rule, IsMalformed: true);

    public static readonly ClientError InvalidMsgId = new(
        "invalid_msg_id", "A MsgId has 1 to 64 bytes of letters, digits and _ . @ -", IsMalformed: true);

    public static readonly ClientError TooManyMessages = new(
        "too_many_messages", "Too many messages; this one was dropped. Slow down.", Retry: true);

    public static readonly ClientError TooManyBytes = new(
        "too_many_bytes", "Too many bytes; this message was dropped. Slow down.", Retry: true);

    public static readonly ClientError TooManyNewTopics = new(
        "too_many_new_topics", "Too many new groups or recipients at once. Slow down.", Retry: true);

    public static readonly ClientError TopicBusy = new(
        "topic_busy", "Too many messages are sent there at the moment. Try again in a while.", Retry: true);

    public static readonly ClientError TooBig = new(
        "too_big", "The message is too big: control characters, quotes and backslashes take more room on their way.");

    public static readonly ClientError NotPublished = new(
        "not_published", "The message could not be sent. Try again; with the same MsgId it is published only once.", Retry: true);

    public static readonly ClientError NotMember = new("not_member", "You are not in that group.");

    public static readonly ClientError Forbidden = new("forbidden", "You may not do that there.");

    public static readonly ClientError UnknownGroup = new("unknown_group", "That group does not exist.");

    public static readonly ClientError TooManyTopics = new("too_many_topics", "This connection is in as many groups as are allowed.");

    public static readonly ClientError Unavailable = new("unavailable", "The group could not be joined. Try again.", Retry: true);

    public static readonly ClientError Unanswered = new("unavailable", "Your right to do that cannot be checked at the moment. Try again.", Retry: true);

    /// <summary>The user may not do something, perhaps only until a certain time.</summary>
    public static ClientError ForbiddenUntil(DateTimeOffset? until) => until is not { } end ? Forbidden
        : Forbidden with { Text = string.Create(CultureInfo.InvariantCulture, $"You may not do that there until {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}.") };

    public static ClientError Of(Excess excess) =>
        excess.IsBytes() ? TooManyBytes : excess == Excess.UserTopics ? TooManyNewTopics : TooManyMessages;
}
