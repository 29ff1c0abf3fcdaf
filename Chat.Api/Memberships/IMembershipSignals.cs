namespace Chat.Api.Memberships;

/// <summary>Tells hub clients that somebody has joined a group or left it, when none of that user's clients did it. Like all signals it may be lost,
/// and it never throws.</summary>
internal interface IMembershipSignals
{
    /// <summary>Tells those who are in the group.</summary>
    Task JoinedAsync(string userId, string group);

    /// <summary>Tells those who are in the group, and the user's own devices.</summary>
    Task LostAsync(string userId, string group);
}
