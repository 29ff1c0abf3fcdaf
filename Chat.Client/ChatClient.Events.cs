using Chat.Client.Topics;
using Chat.Client.Wire;

namespace Chat.Client;

// Turns what the hub calls into events.
public sealed partial class ChatClient
{
    /// <summary>Returns true once the connection has reported all groups: from then on, calls may be made.</summary>
    private bool On(string name, HubArgument argument)
    {
        switch (name)
        {
            case "connected" when argument.User is { } user:
                User = user;
                _topics.Connected(argument.GroupsSince);
                break;
            case "message" when argument.Group is { } group:
                _topics.Message(group, MessageOf(group, argument));
                break;
            case "direct":
                _topics.Message(TopicStates.Own, MessageOf(null, argument));
                break;
            case "deleted" when DeletionOf(argument.Group, argument) is { } deletion:
                _topics.Message(argument.Group ?? TopicStates.Own, deletion);
                break;
            case "subscribed" when argument.Position is { } position:
                var topic = argument.Group ?? TopicStates.Own;
                return _topics.Subscribed(topic, position, argument.Recovered) && topic == TopicStates.Own; // this one is reported last
            case "mirror" when argument is { Method: "unsubscribe", Payload.Group: { } left }:
                _topics.Unsubscribed(left);
                break;
            case "forbidden" when argument.Group is { } group:
                _topics.Unsubscribed(group);
                _events.Add(new ChatForbidden(group, argument.Until is { } until ? TimeOf(until) : null));
                break;
            case "joined" when argument is { Group: { } group, Nick: { } nick }:
                _events.Add(new ChatUserJoined(group, nick));
                break;
            case "lost" when argument is { Group: { } group, Nick: { } nick }:
                _events.Add(new ChatUserLeft(group, nick));
                break;
            case "typing" when argument is { Group: { } group, Nick: { } nick }:
                _events.Add(new ChatTyping(group, nick));
                break;
            case "presence" when argument.Group is { } group:
                _events.Add(PresenceOf(group, argument));
                break;
        }

        return false;
    }

    private static ChatPresence PresenceOf(string group, HubArgument argument) => new(
        group, argument.Count, argument.Members?.Select(member => new ChatMember(member.Nick, member.Connections)).ToArray(), argument.Joined ?? [], argument.Left ?? []);

    private static IEnumerable<ChatMessage> MessagesOf(HubArgument answer) => (answer.Messages ?? []).Select(message => MessageOf(message.Group, message));

    private static ChatMessage MessageOf(string? group, HubArgument message) => new(
        group, message.Nick ?? "", message.Message ?? "", message.Id, message.Position, message.At > 0 ? TimeOf(message.At) : null);

    private static IEnumerable<ChatDeleted> DeletionsOf(HubArgument answer) => (answer.Deletions ?? []).Select(notice => DeletionOf(notice.Group, notice)).OfType<ChatDeleted>();

    private static ChatDeleted? DeletionOf(string? group, HubArgument notice) => notice.Deleted is { Position: { } position } message
        ? new ChatDeleted(group, notice.Nick ?? "", message.Id, position, notice.Position, notice.At > 0 ? TimeOf(notice.At) : null)
        : null;

    // In the order of the log, whose offsets go on from epoch to epoch.
    private static IEnumerable<ChatEvent> EntriesOf(HubArgument answer) =>
        MessagesOf(answer).Concat<ChatEvent>(DeletionsOf(answer)).OrderBy(static one => TopicStates.PositionOf(one)?.Offset ?? 0);

    // Other systems on the same Redis may have written any number.
    private static DateTimeOffset? TimeOf(long milliseconds) =>
        milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
}
