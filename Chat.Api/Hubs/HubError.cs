using System.Globalization;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>Errors of calls, as <c>{code}: {sentence}</c>. SignalR puts its own words in front. The connection stays open.</summary>
internal static class HubError
{
    public static HubException Malformed(string what) => new($"malformed: {what}");

    public static HubException InvalidId() => new("invalid_id: " + ChatId.Rule);

    public static HubException InvalidMessageId() => new("invalid_msg_id: A message id has 1 to 64 bytes of letters, digits and _ . @ -");

    public static HubException InvalidSince() => new("malformed: since must be {epoch}:{offset}, as given in a message or an answer.");

    public static HubException NotMember() => new("not_member: You are not in that group.");

    public static HubException Forbidden(DateTimeOffset? until) => new(until is not { } end ? "forbidden: You may not do that there."
        : string.Create(CultureInfo.InvariantCulture, $"forbidden: You may not do that there until {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}."));

    public static HubException TooManyGroups() => new("too_many_topics: You are in as many groups as are allowed.");

    public static HubException TooManyMessages() => new("too_many_messages: Too many calls; this one was not carried out. Slow down.");

    public static HubException TooManyBytes() => new("too_many_bytes: Too many bytes; this call was not carried out. Slow down.");

    public static HubException TooManyNewTopics() => new("too_many_new_topics: Too many new groups or recipients at once. Slow down.");

    public static HubException TopicBusy() => new("topic_busy: Too many messages are sent there at the moment. Try again in a while.");

    public static HubException TooBig() => new("too_big: The message is too big: control characters, quotes and backslashes take more room on their way.");

    public static HubException Of(Excess excess) =>
        excess.IsBytes() ? TooManyBytes() : excess == Excess.UserTopics ? TooManyNewTopics() : TooManyMessages();

    public static HubException NotPublished() => new("not_published: The message could not be sent. Try again; with the same id it is published only once.");

    public static HubException Unavailable() => new("unavailable: Redis is not reachable at the moment. Try again.");

    public static HubException Unanswered() => new("unavailable: Your right to do that cannot be checked at the moment. Try again.");

    public static HubException Internal() => new("internal: Something went wrong on the server.");

    public static HubException NoPresence() => new("no_presence: Presence is not kept here (Chat:Presence:Enabled).");

    public static HubException InvalidToken(string text) => new("invalid_token: " + text);

    public static HubException OtherUser() => new("other_user: The token is for another user than the one of this connection.");
}
