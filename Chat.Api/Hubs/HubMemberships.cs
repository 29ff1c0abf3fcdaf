using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Chat.Api.Hubs;

/// <summary>Joins and leaves groups, and takes them up again when a client is back.</summary>
internal sealed partial class HubMemberships(
    IMemberships memberships, GroupRemovals removals, GroupMirrors mirrors, MembershipWatch watch, HubMessages messages, ConnectionTable connections, IBackplane backplane,
    IOptions<MembershipOptions> options, ILogger<ChatHub> logger)
{
    /// <summary>Takes up the user's groups for a new connection. If that fails, the client is told to come again.</summary>
    public Task TakeUpAsync(HubClient client, HubPositions since) => OrTryLaterAsync(client, () => client.TakeUpAsync(since));

    /// <summary>Makes live the groups that were taken up.</summary>
    public Task EnterAsync(HubClient client) => OrTryLaterAsync(client, client.EnterAsync);

    /// <summary>Makes the user a member, in the cluster's state. Returns the membership's generation.</summary>
    public async Task<long> JoinAsync(HubClient client, string group)
    {
        var limit = connections.Options.TopicsPerConnection;
        if (client.Groups < limit || client.TryFind(group, out _))
        {
            try
            {
                if (await memberships.JoinAsync(Topic.User(client.UserId), group, limit) is { } generation)
                {
                    return generation;
                }
            }
            catch (BackplaneUnavailableException)
            {
                throw HubError.Unavailable();
            }
        }

        connections.Metrics.Refused(nameof(ConnectionOptions.TopicsPerConnection));
        throw HubError.TooManyGroups();
    }

    /// <summary>Makes the connection a member, and answers with the messages it missed. Live messages follow those in the log's order, though they
    /// may arrive before the answer, because SignalR sends the answer.</summary>
    public async Task<MessagesAnswer> AddAsync(HubClient client, string group, long generation, LogPosition? since)
    {
        try
        {
            var (held, live) = await client.AddHeldAsync(group, generation);
            backplane.AnnounceJoin(new GroupJoin(client.UserId, group, generation, live.Epoch, live.Offset));
            try
            {
                await watch.LookAsync(client.User!); // the user may have left on another device, perhaps before the member existed
                var missed = await messages.MissedAsync(Topic.Group(group), since, live);
                CheckIsMember(client, group); // after the reading, which may take a while
                return missed;
            }
            catch (BackplaneUnavailableException)
            {
                if (held is not null)
                {
                    client.Leave(held); // a removal may have come before the member, and nobody has looked
                }

                throw;
            }
            finally
            {
                held?.Topic.Release(held);
            }
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }

    /// <summary>Takes the user out of the group, in the cluster's state.</summary>
    public async Task<LeaveMark> MarkLeftAsync(HubClient client, string group)
    {
        try
        {
            var mark = await memberships.LeaveAsync(Topic.User(client.UserId), group);
            if (!mark.WasIn)
            {
                await watch.LookAsync(client.User!); // gives this node's knowledge to a Redis that lost the membership
                mark = await memberships.LeaveAsync(Topic.User(client.UserId), group, evenIfOut: true); // otherwise another node would give the membership back
            }

            // Where groups are open, a user who may be in a group can be in it without a record of that.
            return mark.WasIn || (!options.Value.MembersOnly && await client.MayAsync(Topic.Group(group), Rights.Join)) ? mark : throw HubError.NotMember();
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }

    /// <summary>Tells every device of the user, on every node, that the user leaves the group.</summary>
    public void Mirror(HubClient client, string group, LeaveMark mark) => mirrors.Tell(client.UserId, group, mark.Generation);

    /// <summary>Takes every connection of the user out of the group, on every node.</summary>
    public async Task<LeaveAnswer> RemoveAsync(HubClient client, string group, LeaveMark mark)
    {
        try
        {
            var result = await removals.RemoveAsync(Topic.Group(group), client.UserId, mark.Generation);
            if (result.Nodes == result.Of)
            {
                memberships.Forget(Topic.User(client.UserId), group, mark); // otherwise kept: a node that did not hear of the removal may still look
            }

            return new LeaveAnswer(result.Nodes, result.Of);
        }
        catch (BackplaneUnavailableException)
        {
            throw HubError.Unavailable();
        }
    }

    public void CheckMayWrite(HubClient client, string group)
    {
        if (options.Value.MembersOnly)
        {
            CheckIsMember(client, group);
        }
    }

    public static void CheckIsMember(HubClient client, string group)
    {
        if (!client.TryFind(group, out _))
        {
            throw HubError.NotMember();
        }
    }

    private async Task OrTryLaterAsync(HubClient client, Func<Task> enter)
    {
        try
        {
            await enter();
        }
        catch (Exception exception)
        {
            if (exception is not (BackplaneUnavailableException or RedisException or TimeoutException or OperationCanceledException))
            {
                Log.EnterFailed(logger, exception, client.Connection.Number);
            }

            client.Connection.Close(CloseReason.TryLater);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "EnterFailed", Message = "Connection {Number} could not take up its groups.")]
        public static partial void EnterFailed(ILogger logger, Exception exception, long number);
    }
}
