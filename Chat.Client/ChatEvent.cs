namespace Chat.Client;

/// <summary>Something that happened: the base of all events that <see cref="ChatClient.ReadAllAsync"/> returns.</summary>
public abstract record ChatEvent;

/// <summary>A message that somebody, perhaps this user, has written. The messages of a group come in the one order that all its members see, each once.</summary>
/// <param name="Group">The group; null for a message to this user alone.</param>
/// <param name="From">The user who wrote it.</param>
/// <param name="Text">The text.</param>
/// <param name="Id">The message's id, different for each message of its sender to that group. Null if another system published the message without a
/// node.</param>
/// <param name="Position">The message's place in the log; null if it is in no log.</param>
/// <param name="SentAt">The time of publication, by the clock of the publishing node.</param>
public sealed record ChatMessage(string? Group, string From, string Text, string? Id, ChatPosition? Position, DateTimeOffset? SentAt) : ChatEvent;

/// <summary>A message was deleted by a backend: take it off the screen. The event has a place of its own in the order, behind the message. It may be
/// about a message that this client never got.</summary>
/// <param name="Group">The group; null for a message to this user alone.</param>
/// <param name="By">Who had it deleted: a user, or the name of a backend.</param>
/// <param name="MessageId">The id of the message. Other senders may have used the same.</param>
/// <param name="MessagePosition">The place of the message in the log.</param>
/// <param name="Position">The place of this event in the log.</param>
/// <param name="DeletedAt">The time, by the clock of the node that deleted it.</param>
public sealed record ChatDeleted(
    string? Group, string By, string? MessageId, ChatPosition MessagePosition, ChatPosition? Position, DateTimeOffset? DeletedAt) : ChatEvent;

/// <summary>From here on, this client gets a group's messages, or the messages to its user. The event comes for each group and for the user's own
/// messages at the first connection and after each reconnect, for a group that is joined here or on another device, and when something was lost.</summary>
/// <param name="Group">The group; null for the user's own messages.</param>
/// <param name="Position">The messages that follow have higher offsets.</param>
/// <param name="Recovered">False: between the messages before and after this event, some may be missing that the log no longer has.</param>
public sealed record ChatSubscribed(string? Group, ChatPosition Position, bool Recovered) : ChatEvent;

/// <summary>This user has left a group, here or on another device. Nothing more of the group follows.</summary>
/// <param name="Group">The group.</param>
public sealed record ChatUnsubscribed(string Group) : ChatEvent;

/// <summary>This user may no longer be in a group, and was taken out of it. If the client was in the group, a <see cref="ChatUnsubscribed"/> precedes
/// this event.</summary>
/// <param name="Group">The group.</param>
/// <param name="Until">When that ends, if it is known.</param>
public sealed record ChatForbidden(string Group, DateTimeOffset? Until) : ChatEvent;

/// <summary>Somebody joins a group. A notice: it may get lost.</summary>
/// <param name="Group">The group.</param>
/// <param name="User">The user who joins.</param>
public sealed record ChatUserJoined(string Group, string User) : ChatEvent;

/// <summary>Somebody leaves a group, with all devices. A notice: it may get lost.</summary>
/// <param name="Group">The group.</param>
/// <param name="User">The user who leaves.</param>
public sealed record ChatUserLeft(string Group, string User) : ChatEvent;

/// <summary>Somebody is typing in a group. A notice: it may get lost.</summary>
/// <param name="Group">The group.</param>
/// <param name="User">The user who is typing.</param>
public sealed record ChatTyping(string Group, string User) : ChatEvent;

/// <summary>Who is in a group now, after <see cref="ChatClient.WatchPresenceAsync"/>: the whole list, or the changes in it.</summary>
/// <param name="Group">The group.</param>
/// <param name="Count">The number of users in the group.</param>
/// <param name="Members">The whole list; null if this is a change, or if there are too many users to list.</param>
/// <param name="Joined">The users who have come.</param>
/// <param name="Left">The users who have gone.</param>
public sealed record ChatPresence(
    string Group, long Count, IReadOnlyList<ChatMember>? Members, IReadOnlyList<string> Joined, IReadOnlyList<string> Left) : ChatEvent;

/// <summary>A user who is in a group.</summary>
/// <param name="User">The user.</param>
/// <param name="Connections">The number of the user's connections.</param>
public sealed record ChatMember(string User, long Connections);
