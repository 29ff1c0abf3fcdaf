using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Hubs;

/// <summary>Options of the SignalR chat, bound from <c>Chat:Hub</c>. Invalid values prevent the start. Limits that are the same for every kind of
/// connection are in <c>Chat:Connections</c>.</summary>
internal sealed class ChatHubOptions
{
    public const string Section = "Chat:Hub";

    /// <summary>The shortest time between two typing signals of one user to one group, however often the user's devices call.</summary>
    /// <value>100 ms to 1 minute. Default 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan TypingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most messages that one call of <c>history</c>, or of <c>join</c> with <c>since</c>, returns.</summary>
    /// <value>1 to 10,000. Default 300, as many as a group's log holds by default.</value>
    [Range(1, 10_000)]
    public int HistoryMessages { get; set; } = 300;
}
