using System.ComponentModel.DataAnnotations;

namespace Chat.Api.Memberships;

/// <summary>Who is in which group, and for how long. Bound from <c>Chat:Hub</c>; invalid values stop the start.</summary>
internal sealed class MembershipOptions
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
}
