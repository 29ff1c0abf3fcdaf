using Chat.Api.Backplane;
using Chat.Api.Memberships;
using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

/// <summary>Stands in for <see cref="RedisMemberships"/>.</summary>
internal sealed class SimulatedMemberships(SimulatedBackplane backplane, World world) : IMemberships
{
    private readonly Dictionary<string, UserGroups> _firstLooks = new(StringComparer.Ordinal);

    /// <summary>Whether lookups get no answer.</summary>
    public bool IsAway { get; set; }

    public async Task<UserGroups> ReadAsync(Topic user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
    {
        if (IsAway)
        {
            throw new BackplaneUnavailableException("Away.");
        }

        // The fault: the groups of a user's first lookup are taken to be current.
        if (world.Fault == Fault.MembershipNotLookedUp && _firstLooks.TryGetValue(user.Id, out var first) && !world.Dice.OneIn(4))
        {
            return first;
        }

        return _firstLooks[user.Id] = await backplane.CallAsync(redis => redis.FindGroups(user.Id)) is { } known && known.Has(unlessKnown) ? known
            : await backplane.CallAsync(redis => redis.ReadGroups(user.Id, unlessKnown));
    }

    public Task<IReadOnlyCollection<string>> ListAsync(Topic user) => throw new NotSupportedException("No simulated client calls it.");

    public async Task<long?> JoinAsync(Topic user, string group, int limit) => await backplane.CallAsync(redis => redis.JoinGroup(user.Id, group));

    public Task<LeaveMark> LeaveAsync(Topic user, string group, bool evenIfOut = false) => backplane.CallAsync(redis => redis.LeaveGroup(user.Id, group, evenIfOut));

    public void Forget(Topic user, string group, LeaveMark mark) => _ = ForgottenAsync(backplane.CallAsync(redis =>
    {
        redis.ForgetLeave(user.Id, group, mark.Generation);
        return true;
    }));

    private static async Task ForgottenAsync(Task forgotten)
    {
        try
        {
            await forgotten;
        }
        catch (BackplaneUnavailableException)
        {
            // The mark stays.
        }
    }
}
