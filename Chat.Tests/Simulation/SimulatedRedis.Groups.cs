using Chat.Api.Memberships;

namespace Chat.Tests.Simulation;

// Simulates groups.lua, groups-join.lua and groups-leave.lua, without expiry and limits.
internal sealed partial class SimulatedRedis
{
    private const long YoungMicroseconds = 600_000_000;

    public UserGroups? FindGroups(string user) => Get<GroupsState>("groups:" + user) is { } known ? GroupsOf(known, known.Born, known.Latest) : null;

    public UserGroups ReadGroups(string user, IReadOnlyCollection<KeyValuePair<string, long>> unlessKnown)
    {
        var known = Get<GroupsState>("groups:" + user);
        var now = Math.Max(world.Microseconds, known?.Latest ?? 0);
        var next = known;
        if (known is null && unlessKnown.Count > 0)
        {
            next = new GroupsState(now, now, []);
        }

        foreach (var (group, generation) in unlessKnown)
        {
            if (generation == 0 ? known is null : generation < next!.Born && !next.Generations.ContainsKey(group))
            {
                next = next!.With(group, generation == 0 ? now : generation);
                model.OnJoined(user, group, generation == 0 ? now : generation);
            }
        }

        if (next != known)
        {
            Set("groups:" + user, next);
        }

        return GroupsOf(next, next?.Born ?? now, now);
    }

    private static UserGroups GroupsOf(GroupsState? state, long born, long now)
    {
        var groups = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (group, generation) in state?.Generations ?? [])
        {
            if (generation > 0)
            {
                groups[group] = generation;
            }
        }

        return new UserGroups(groups, born, now);
    }

    public long JoinGroup(string user, string group)
    {
        var known = Get<GroupsState>("groups:" + user);
        if (known?.Generations.GetValueOrDefault(group) is > 0 and var generation)
        {
            return generation;
        }

        var now = Math.Max(world.Microseconds, (known?.Latest ?? 0) + 1);
        Set("groups:" + user, (known ?? new GroupsState(now, now, [])).With(group, now) with { Latest = now });
        model.OnJoined(user, group, now);
        return now;
    }

    public LeaveMark LeaveGroup(string user, string group, bool evenIfOut)
    {
        var known = Get<GroupsState>("groups:" + user);
        var now = Math.Max(world.Microseconds, (known?.Latest ?? 0) + 1);
        var isYoung = now - known?.Born < YoungMicroseconds;
        if (known?.Generations.ContainsKey(group) != true || known.Through.Contains(group))
        {
            if (isYoung && evenIfOut)
            {
                Set("groups:" + user, known!.With(group, -now) with { Latest = now, Through = [.. known.Through.Where(other => other != group), group] });
                model.OnLeft(user, group, now);
            }

            return new LeaveMark(now, WasIn: false);
        }

        // A node may still give a membership back that is older than the record, so its mark stays.
        var stays = isYoung || known.Staying.Contains(group) || Math.Abs(known.Generations[group]) < known.Born;
        Set("groups:" + user, known.With(group, -now) with { Latest = now, Staying = stays ? [.. known.Staying, group] : known.Staying });
        model.OnLeft(user, group, now);
        return new LeaveMark(now, WasIn: true);
    }

    public void ForgetLeave(string user, string group, long generation)
    {
        if (Get<GroupsState>("groups:" + user) is { } known && known.Generations.GetValueOrDefault(group) == -generation && !known.Through.Contains(group))
        {
            Set("groups:" + user, known.Staying.Contains(group)
                ? known with { Staying = [.. known.Staying.Where(other => other != group)], Through = [.. known.Through, group] }
                : known.Without(group));
        }
    }

    /// <summary>Whether the user is in the group. Null if nothing is known of the user.</summary>
    public bool? IsInGroup(string user, string group) =>
        Get<GroupsState>("groups:" + user) is { } known ? known.Generations.GetValueOrDefault(group) > 0 : null;

    /// <summary>Whether a leave of this generation or a later one is recorded.</summary>
    public bool IsMarkedLeft(string user, string group, long generation) =>
        Get<GroupsState>("groups:" + user) is { } known && known.Generations.GetValueOrDefault(group) <= -generation;

    // A negative generation belongs to a leave that is under way.
    private sealed record GroupsState(long Born, long Latest, Dictionary<string, long> Generations)
    {
        public string[] Staying { get; init; } = []; // groups whose marks are kept

        public string[] Through { get; init; } = []; // groups whose marks are kept although every node has confirmed

        public GroupsState With(string group, long generation) => this with
        {
            Generations = new(Generations) { [group] = generation },
            Staying = generation > 0 ? [.. Staying.Where(other => other != group)] : Staying,
            Through = [.. Through.Where(other => other != group)],
        };

        public GroupsState Without(string group)
        {
            var next = new Dictionary<string, long>(Generations);
            next.Remove(group);
            return this with { Generations = next };
        }
    }
}
