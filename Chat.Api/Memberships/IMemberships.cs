using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Memberships;

/// <summary>Which groups each hub user is in: state of the cluster, not of a connection.</summary>
/// <remarks>
/// <para>Guarantee: a user who connects anywhere is in the groups they joined and did not leave, until
/// <c>Chat:Hub:MembershipAge</c> after their last device was connected.</para>
/// <para>Mechanism: per user a hash of group to <em>generation</em>, the microsecond of the joining by Redis's clock. A leave first marks the group
/// here, then removes the user's members in the group's own order (<see cref="GroupRemovals"/>), each up to the generation of the leave. Code that
/// joins members from this state looks at it again afterwards, so either that look or the removal finds a member that must go.</para>
/// <para>If Redis has lost the state, it gets it back from the nodes that hold the user's connections.</para>
/// </remarks>
internal interface IMemberships
{
    /// <summary>Returns a user's groups, and renews the time for which they are kept.</summary>
    /// <param name="user">The user's own topic.</param>
    /// <param name="unlessKnown">Groups to begin with if nothing is known of the user, each with the generation under which this node holds it; 0 for
    /// a group that begins now.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown);

    /// <summary>Returns the groups that a user is known to be in. They are kept no longer for it: who looks is not the user. The
    /// awaiting code continues on the thread that reads from Redis, so it must not wait or block.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<IReadOnlyCollection<string>> ListAsync(Topic user);

    /// <summary>Joins a group, unless the user is in it already. Returns the generation, or null if the user is in as many groups as allowed.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    Task<long?> JoinAsync(Topic user, string group, int limit);

    /// <summary>Marks that the user has left, and returns up to which generation the user's members have left.</summary>
    /// <param name="user">The user's own topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="evenIfOut">Whether to set the mark even if the user was not in the group, so that no node gives back a membership of a lost
    /// record.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false);

    /// <summary>Forgets the mark once every node has confirmed the removal. Never fails; a mark that stays is deleted with the record.</summary>
    void Forget(Topic user, string group, LeaveMark mark);
}

/// <param name="Generation">Members up to this generation have left.</param>
/// <param name="WasIn">Whether the user was in the group, or had left it without the removal having been published.</param>
internal readonly record struct LeaveMark(long Generation, bool WasIn);

/// <summary>What Redis knew of a user at a moment.</summary>
/// <param name="Groups">Groups and the generation of each.</param>
/// <param name="Born">Since when anything is known of the user.</param>
/// <param name="Now">The moment, as a generation.</param>
internal sealed record UserGroups(IReadOnlyDictionary<string, long> Groups, long Born, long Now)
{
    /// <summary>Whether a member of that generation is still rightly in the group.</summary>
    /// <remarks>A member that joined after the look is. So is one from before the record's birth if the record has the group: Redis lost the record
    /// it was in.</remarks>
    public bool Hold(string group, long generation) =>
        generation > Now || (Groups.TryGetValue(group, out var known) && (known == generation || generation < Born));

    /// <summary>Whether no script has to give back any of these: each group is in the record, was left since, or begins only if nothing is known of
    /// the user.</summary>
    public bool Has(IReadOnlyCollection<KeyValuePair<string, long>> held) =>
        held.All(group => group.Value == 0 || (group.Value >= Born && group.Value <= Now) || (Groups.TryGetValue(group.Key, out var known) && known == group.Value));
}
