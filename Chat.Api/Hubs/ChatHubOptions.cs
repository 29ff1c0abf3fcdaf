using System.ComponentModel.DataAnnotations;

using Chat.Api.Topics;

namespace Chat.Api.Hubs;

/// <summary>The SignalR chat. Bound from <c>Chat:Hub</c>; invalid values stop the start. Limits that are the same for
/// every kind of connection are in <c>Chat:Connections</c>.</summary>
internal sealed class ChatHubOptions
{
    public const string Section = "Chat:Hub";

    /// <summary>Whether only who is in a group may write to it. Its history and its typing are for members in any case.</summary>
    /// <value>Default false: whoever has a token may write to any group.</value>
    public bool MembersOnly { get; set; }

    /// <summary>How long a user's groups are kept after their last device has gone. Then they begin with the default groups again.</summary>
    /// <value>1 minute to 365 days. Default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan MembershipAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a leave waits for the nodes to confirm it. It holds on the others as well, only not yet for certain.</summary>
    /// <value>100 ms to 1 minute. Default 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RemovalTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a group is told at most that one user types, whatever their devices send.</summary>
    /// <value>100 ms to 1 minute. Default 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan TypingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Messages one call of <c>history</c> returns at most, and <c>join</c> with <c>since</c>.</summary>
    /// <value>1 to 10,000. Default 300, as many as a group's log holds by default.</value>
    [Range(1, 10_000)]
    public int HistoryMessages { get; set; } = 300;
}

/// <summary>The groups a user begins in. Bound from <c>Chat</c>.</summary>
internal sealed class DefaultChats
{
    public const string Section = "Chat";

    /// <value>Ids of groups. Default: first, second.</value>
    public string[]? Chats { get; set; }

    public IReadOnlyList<string> Groups => Chats is null ? ["first", "second"] : [.. Chats.Select(chat => ChatId.TryParse(chat, out var id) ? id : chat)];
}
