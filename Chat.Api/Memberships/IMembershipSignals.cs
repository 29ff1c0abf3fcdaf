namespace Chat.Api.Memberships;

/// <summary>Tells clients of the hub that somebody has joined a group or left it, where no client of theirs did it. Like all signals it may be
/// lost, and it never throws.</summary>
internal interface IMembershipSignals
{
    /// <summary>To those who are in the group.</summary>
    Task JoinedAsync(string userId, string group);

    /// <summary>To those who are in the group, and to the user's own devices.</summary>
    Task LostAsync(string userId, string group);
}
