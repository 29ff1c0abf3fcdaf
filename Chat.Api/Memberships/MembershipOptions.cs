using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Memberships;

/// <summary>Settings of who is in which group, and for how long. Bound from <c>Chat:Hub</c>. The node does not start with an invalid value.</summary>
internal sealed class MembershipOptions
{
    public const string Section = "Chat:Hub";

    /// <summary>Whether only members of a group may write to it. Its history and typing are for members only in any case.</summary>
    /// <value>Default false: anyone with a token may write to any group.</value>
    public bool MembersOnly { get; set; }

    /// <summary>How long a user's groups are kept after their last device has disconnected. After that, the user starts with the default groups again.</summary>
    /// <value>1 minute to 365 days. Default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan MembershipAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a leave waits for all nodes to confirm it. It also takes effect on nodes that have not confirmed, but that is not certain
    /// yet.</summary>
    /// <value>100 ms to 1 minute. Default 2 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RemovalTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
