using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Memberships;

/// <summary>Which groups each hub user is in: state of the cluster, not of a connection.</summary>
/// <remarks>
/// <para>Guarantee: a user who connects anywhere is in the groups they joined and did not leave, until
/// <c>Chat:Hub:MembershipAge</c> after their last device was connected.</para>
/// <para>Mechanism: per user a hash of group to <em>generation</em>, the microsecond of the joining by Redis's clock.
/// A leave first marks the group here, then removes the user's members in the group's own order (<see cref="GroupRemovals"/>),
/// each up to the generation of the leave. Whoever joins members from this state looks at it again afterwards; so either
/// that look or the removal finds a member that must go.</para>
/// <para>A Redis that lost the state gets it back from the nodes that hold the user's connections.</para>
/// </remarks>
internal interface IMemberships
{
    /// <summary>Returns a user's groups, and renews the time for which they are kept.</summary>
    /// <param name="user">The user's own topic.</param>
    /// <param name="unlessKnown">Groups to begin with where nothing is known of the user, with the generations they are
    /// held under here; 0 for one that begins now.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown);

    /// <summary>The same where nothing is known of the user here. What awaits it goes on on the thread that reads from Redis: it must not wait or block.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<UserGroups> ReadAsync(Topic user);

    /// <summary>Joins a group, unless the user is in it already. Returns the generation, or null if the user is in as many groups as allowed.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<long?> JoinAsync(Topic user, string group, int limit);

    /// <summary>Marks that the user has left, and returns which generations that ends.</summary>
    /// <param name="user">The user's own topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="evenIfOut">Whether to mark it also where the user was not in, so that no node gives back what a lost record had.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false);

    /// <summary>Forgets the mark: every node has confirmed the removal. Never fails; a mark that stays goes with the record.</summary>
    void Forget(Topic user, string group, LeaveMark mark);
}

/// <param name="Generation">Members up to it have left.</param>
/// <param name="WasIn">Whether the user was in the group, or had left it without the removal having been published.</param>
internal readonly record struct LeaveMark(long Generation, bool WasIn);

/// <summary>What Redis knew of a user at a moment.</summary>
/// <param name="Groups">Groups and the generation of each.</param>
/// <param name="Born">Since when anything is known of the user.</param>
/// <param name="Now">The moment, as a generation.</param>
internal sealed record UserGroups(IReadOnlyDictionary<string, long> Groups, long Born, long Now)
{
    /// <summary>Whether a member of that generation is still rightly in the group.</summary>
    /// <remarks>One that joined after the look is. So is one from before the record's birth: Redis lost the record it was in.</remarks>
    public bool Hold(string group, long generation) =>
        generation > Now || (Groups.TryGetValue(group, out var known) && (known == generation || generation < Born));

    /// <summary>Whether a script has nothing to give back of these: each is in it, or has left since, or begins only where nothing is known.</summary>
    public bool Has(IReadOnlyCollection<KeyValuePair<string, long>> held) =>
        held.All(group => group.Value == 0 || (group.Value >= Born && group.Value <= Now) || (Groups.TryGetValue(group.Key, out var known) && known == group.Value));
}
