using System.ComponentModel.DataAnnotations;
using Chat.Api.Connections;

namespace Chat.Api.Presence;

/// <summary>Settings of presence: who is in a topic, as clients can see it. Bound from <c>Chat:Presence</c>. The node does not start with an invalid
/// value.</summary>
internal sealed class PresenceOptions
{
    public const string Section = "Chat:Presence";

    /// <summary>Whether presence is kept for groups and for <c>all</c>. Without it, requests for presence are refused.</summary>
    /// <value>Default true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>The most users that a topic's presence names. If there are more, watchers are told only how many.</summary>
    /// <value>0 to 10,000. Default 1000. The list of that many has to fit into an outbox (<c>Chat:Connections:OutboxBytes</c>).</value>
    [Range(0, 10_000)]
    public int ListSize { get; set; } = 1000;

    /// <summary>How long a user may be without a connection in a topic before they count as gone, so that a reconnect is no leave.</summary>
    /// <value>0 to 1 minute. Default 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan LeaveDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long changes gather before they are reported together.</summary>
    /// <value>10 ms to 5 seconds. Default 100 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:05")]
    public TimeSpan BatchTime { get; set; } = TimeSpan.FromMilliseconds(100);

    private const int MemberCost = 200; // bytes of a member in a list: the longest id, and what is around it

    /// <summary>What is wrong with the combination of these values and the limits of connections, one sentence per error.</summary>
    public IEnumerable<string> Errors(ConnectionOptions connections)
    {
        if (Enabled && (long)ListSize * MemberCost > connections.OutboxBytes)
        {
            yield return $"{Section}:ListSize ({ListSize}) must be at most {connections.OutboxBytes / MemberCost}, or {ConnectionOptions.Section}:OutboxBytes ({connections.OutboxBytes}) at least {(long)ListSize * MemberCost}: "
                + "else the list of a full topic ends the connection that asked for it.";
        }
    }
}
