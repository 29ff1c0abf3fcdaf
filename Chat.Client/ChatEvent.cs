namespace Chat.Client;

/// <summary>What a client is told: the base of all that <see cref="ChatClient.ReadAllAsync"/> gives.</summary>
public abstract record ChatEvent;

/// <summary>Somebody, perhaps this user, has written something. Of each group they come in the one order that all its members see, each once.</summary>
/// <param name="Group">The group; null for a message to this user alone.</param>
/// <param name="From">The user who wrote it.</param>
/// <param name="Text">What.</param>
/// <param name="Id">Its id, which nobody else's message in that group has. Null where another system published it past the nodes.</param>
/// <param name="Position">Its place in the log; null where it is in none.</param>
/// <param name="SentAt">When, by the clock of the node that published it.</param>
public sealed record ChatMessage(string? Group, string From, string Text, string? Id, ChatPosition? Position, DateTimeOffset? SentAt) : ChatEvent;

/// <summary>This client hears a group, or its user's own messages, from here on. It comes for each at the first connection, for a group that is
/// joined, here or on another device, after each reconnect, and when something was lost.</summary>
/// <param name="Group">The group; null for the user's own messages.</param>
/// <param name="Position">Messages that follow have higher offsets.</param>
/// <param name="Recovered">False: between what came before and what comes next, messages may be missing that the log no longer has.</param>
public sealed record ChatSubscribed(string? Group, ChatPosition Position, bool Recovered) : ChatEvent;

/// <summary>This user has left a group, here or on another device. Nothing of it comes any more.</summary>
/// <param name="Group">Which.</param>
public sealed record ChatUnsubscribed(string Group) : ChatEvent;

/// <summary>This user may not be in a group any more, and is out of it: a <see cref="ChatUnsubscribed"/> stands before it, where the client was in.</summary>
/// <param name="Group">Which.</param>
/// <param name="Until">Until when, where that is known.</param>
public sealed record ChatForbidden(string Group, DateTimeOffset? Until) : ChatEvent;

/// <summary>Somebody joins a group. A notice: it may get lost.</summary>
/// <param name="Group">Which.</param>
/// <param name="User">Who.</param>
public sealed record ChatUserJoined(string Group, string User) : ChatEvent;

/// <summary>Somebody leaves a group, with all devices. A notice: it may get lost.</summary>
/// <param name="Group">Which.</param>
/// <param name="User">Who.</param>
public sealed record ChatUserLeft(string Group, string User) : ChatEvent;

/// <summary>Somebody is typing in a group. A notice: it may get lost.</summary>
/// <param name="Group">Where.</param>
/// <param name="User">Who.</param>
public sealed record ChatTyping(string Group, string User) : ChatEvent;

/// <summary>Who is in a group now, after <see cref="ChatClient.WatchPresenceAsync"/>: a whole list, or what has changed in it.</summary>
/// <param name="Group">Which.</param>
/// <param name="Count">How many users.</param>
/// <param name="Members">The whole list; null if it is a change, or if they are too many to be named.</param>
/// <param name="Joined">Who is in it now and was not.</param>
/// <param name="Left">Who is not in it any more.</param>
public sealed record ChatPresence(
    string Group, long Count, IReadOnlyList<ChatMember>? Members, IReadOnlyList<string> Joined, IReadOnlyList<string> Left) : ChatEvent;

/// <summary>A user who is in a group.</summary>
/// <param name="User">Who.</param>
/// <param name="Connections">With how many connections.</param>
public sealed record ChatMember(string User, long Connections);
