using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Chat.Api.Backplane;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.Hubs;

// Joining groups while it is connected: by a call of its own, and because its user has joined with another device.
internal sealed partial class HubClient
{
    /// <summary>Joins a group, as a member of this generation.</summary>
    /// <returns>The position from which it hears the group, and the member, whose messages are held until <see cref="LocalTopic.Release"/>;
    /// null if it was in the group already.</returns>
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

    /// <summary>Joins a group that the user has joined on another device, from a place in its log on, and tells the client.</summary>
    /// <param name="group">The group.</param>
    /// <param name="generation">Which joining.</param>
    /// <param name="from">The place; null where it is not known, and so whether anything was missed.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task FollowAsync(string group, long generation, LogPosition? from)
    {
        await _joining.WaitAsync();
        try
        {
            // One that has unsubscribed comes back with a joining of its own, or with a new one of its user. What was told of the one
            // it had unsubscribed from may come late.
            if (_isOver || (_unsubscribed.TryGetValue(group, out var left) && generation <= left) || IsIn(group, generation, out _))
            {
                return;
            }

            ImmutableInterlocked.Update(ref _unsubscribed, static (groups, group) => groups.Remove(group), group);

            if (await AddAsync(group, generation, from) is { } added)
            {
                await FollowAsync(added);
            } // else this device's user may not, whatever the other one's token says
        }
        finally
        {
            _joining.Release();
        }
    }

    /// <summary>As above, for all the groups its user is in.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task FollowAsync(UserGroups groups)
    {
        foreach (var (group, generation) in groups.Groups)
        {
            await FollowAsync(group, generation, from: null);
        }
    }

    /// <summary>Ends this connection's part in a group; the user stays in it.</summary>
    public void Unsubscribe(string group)
    {
        if (TryFind(group, out var member))
        {
            // As many as a user can be in; what is beyond that is of groups left since.
            var most = _services.GroupsPerUser;
            ImmutableInterlocked.Update(ref _unsubscribed, (groups, group) => (groups.Count < most ? groups : groups.Clear()).SetItem(group, member!.Generation), group);
            Leave(member!);
        }
    }

    // False: it is not in, and a member of an ended membership, whose removal is on its way, is out as well.
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
            await _services.Watch.LookAsync(User!); // left meanwhile, perhaps before the member was there
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
            Leave(member); // or it would be held for ever, and count as in; so the next look finds that it is not
            throw;
        }
    }
}
