using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Chat.Api.Backplane;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.Hubs;

// The part about joining groups while connected: by the client's own call, or because its user has joined on another device.
internal sealed partial class HubClient
{
    /// <summary>Joins a group as a member of the given generation.</summary>
    /// <returns>The position from which the connection receives the group's messages, and the member, whose messages are held until
    /// <see cref="LocalTopic.Release"/>. The member is null if the connection was in the group already.</returns>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<(Member? Held, LogPosition Live)> AddHeldAsync(string group, long generation)
    {
        await _joining.WaitAsync();
        try
        {
            ImmutableInterlocked.Update(ref _unsubscribed, static (groups, group) => groups.Remove(group), group);
            if (IsIn(group, generation, out var member))
            {
                var (epoch, offset) = member.Topic.Position;
                return (null, new LogPosition(epoch, offset));
            }

            var added = await AddAsync(group, generation, since: null) ?? throw Refused(Topic.Group(group), Rights.Join);
            return (added.Member, added.Live);
        }
        finally
        {
            _joining.Release();
        }
    }

    /// <summary>Joins a group that the user has joined on another device, starting at a position in the group's log, and tells the client.</summary>
    /// <param name="group">The group.</param>
    /// <param name="generation">The generation of that joining.</param>
    /// <param name="from">The position; null if it is unknown. Then it is also unknown whether anything was missed.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task FollowAsync(string group, long generation, LogPosition? from)
    {
        await _joining.WaitAsync();
        try
        {
            // A connection that has unsubscribed returns by a joining of its own, or by a newer joining of its user. News of the joining that it
            // unsubscribed from may still arrive late.
            if (_isOver || (_unsubscribed.TryGetValue(group, out var left) && generation <= left) || IsIn(group, generation, out _))
            {
                return;
            }

            ImmutableInterlocked.Update(ref _unsubscribed, static (groups, group) => groups.Remove(group), group);

            if (await AddAsync(group, generation, from) is { } added)
            {
                await FollowAsync(added);
            } // otherwise this connection may not join, whatever the other device's token says
        }
        finally
        {
            _joining.Release();
        }
    }

    /// <summary>Does the same for all groups that the user is in.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task FollowAsync(UserGroups groups)
    {
        foreach (var (group, generation) in groups.Groups)
        {
            await FollowAsync(group, generation, from: null);
        }
    }

    /// <summary>Takes this connection out of a group; the user stays a member.</summary>
    public void Unsubscribe(string group)
    {
        if (TryFind(group, out var member))
        {
            // A user can be in this many groups. Entries beyond that are of groups left since.
            var most = _services.GroupsPerUser;
            ImmutableInterlocked.Update(ref _unsubscribed, (groups, group) => (groups.Count < most ? groups : groups.Clear()).SetItem(group, member!.Generation), group);
            Leave(member!);
        }
    }

    // Returns false if the connection is not in the group. A member of an ended membership, whose removal is still on its way, is then taken out as
    // well.
    private bool IsIn(string group, long generation, [NotNullWhen(true)] out Member? member)
    {
        if (_groups.TryGetValue(group, out member))
        {
            if (member.IsIn && member.Generation >= generation)
            {
                return true;
            }

            Leave(member);
        }

        return false;
    }

    private async Task<Entered?> AddAsync(string group, long generation, LogPosition? since)
    {
        var added = await AddTopicAsync(group, generation, since);
        if (added is { } entered)
        {
            await AddSignalsAsync(entered.Member);
        }

        return added;
    }

    private async Task FollowAsync(Entered added)
    {
        var (member, since, live) = added;
        try
        {
            await _services.Watch.LookAsync(User!); // the user may have left meanwhile, perhaps before the member existed
            if (!member.IsIn)
            {
                return;
            }

            if (since is { } place)
            {
                await TopicReplay.CatchUpAsync(member, place, live.Epoch, live.Offset, _services.Backplane);
                return;
            }

            TellHole(member, live);
            member.Topic.Release(member);
        }
        catch
        {
            Leave(member); // otherwise the member would be held forever and count as in; now the next look finds that it is not
            throw;
        }
    }
}
