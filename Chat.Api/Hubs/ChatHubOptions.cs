using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Hubs;

/// <summary>The SignalR chat. Bound from <c>Chat:Hub</c>; invalid values stop the start. Limits that are the same for
/// every kind of connection are in <c>Chat:Connections</c>.</summary>
internal sealed class ChatHubOptions
{
    public const string Section = "Chat:Hub";

    /// <summary>How often a group is told at most that one user types, whatever their devices send.</summary>
    /// <value>100 ms to 1 minute. Default 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan TypingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Messages one call of <c>history</c> returns at most, and <c>join</c> with <c>since</c>.</summary>
    /// <value>1 to 10,000. Default 300, as many as a group's log holds by default.</value>
    [Range(1, 10_000)]
    public int HistoryMessages { get; set; } = 300;
}
