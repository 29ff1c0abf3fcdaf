using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Orders;
using Microsoft.Extensions.Options;

namespace Chat.Api.Memberships;

/// <summary>Puts users into groups and takes them out, on all nodes, without a call of their clients.</summary>
/// <remarks>A user of whom nothing is known first begins in the default groups, as on the hub. Otherwise, being put into one group would cost the
/// user the default groups, and being taken out of a default group would not last.</remarks>
internal sealed class GroupChanges(
    IMemberships memberships, GroupRemovals removals, NodeOrders orders, GroupMirrors mirrors, IBackplane backplane, IMembershipSignals signals,
    IOptions<DefaultChats> chats, IOptions<ConnectionOptions> limits, TimeProvider time)
{
    /// <summary>The order by which the user's connections on every node join a group.</summary>
    public const string FollowOrder = "follow";

    // How long a backend may take to repeat a call whose answer got lost. If Redis's clock is far from ours, a repetition tells nobody, or once too often.
    private static readonly TimeSpan Repetition = TimeSpan.FromMinutes(1);

    /// <summary>Puts a user into a group with all hub connections, present and future.</summary>
    /// <returns>Null if the user is in as many groups as allowed.</returns>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    public async Task<Confirmed?> AddAsync(string userId, Topic group)
    {
        var user = Topic.User(userId);
        var isNews = IsNews(await BeginAsync(user), group);
        if (await memberships.JoinAsync(user, group.Id, limits.Value.TopicsPerConnection) is not { } generation)
        {
            return null;
        }

        if (isNews)
        {
            await signals.JoinedAsync(userId, group.Id);
        }

        var log = await backplane.ReadAsync(group, "", 0, 0);
        return await orders.GiveAsync(FollowOrder, new GroupJoin(userId, group.Id, generation, log.Epoch, log.Last).ToUtf8());
    }

    /// <summary>Takes a user out of a group, with every connection, on the hub and on the raw endpoints.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer. Trying again is safe.</exception>
    public async Task<Confirmed> RemoveAsync(string userId, Topic group)
    {
        var user = Topic.User(userId);
        await BeginAsync(user);
        var mark = await memberships.LeaveAsync(user, group.Id, evenIfOut: true);
        if (mark.WasIn) // also if a call before this one marked the leave, and Redis's answer to that was lost
        {
            mirrors.Tell(userId, group.Id, mark.Generation);
            await signals.LostAsync(userId, group.Id); // before the removal, after which the devices no longer hear the group
        }

        var result = await removals.RemoveAsync(group, userId, mark.Generation);
        if (result.Nodes == result.Of)
        {
            memberships.Forget(user, group.Id, mark); // otherwise kept: a node that did not hear of the removal may still look
        }

        return result;
    }

    // Also if a call before this one made the user join, and Redis's answer to that was lost.
    private bool IsNews(UserGroups known, Topic group)
    {
        var aMomentAgo = (time.GetUtcNow() - Repetition - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        if (!known.Groups.TryGetValue(group.Id, out var generation))
        {
            return true;
        }

        var isFromTheStart = generation == known.Born && chats.Value.Groups.Contains(group.Id); // nobody was told of that
        return generation == known.Now && generation > aMomentAgo && !isFromTheStart;
    }

    private Task<UserGroups> BeginAsync(Topic user) =>
        memberships.ReadAsync(user, [.. chats.Value.Groups.Select(static group => KeyValuePair.Create(group, 0L))]);
}
