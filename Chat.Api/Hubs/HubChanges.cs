using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Orders;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Hubs;

/// <summary>The hub's part in changes that a backend makes to groups (<see cref="GroupChanges"/>).</summary>
internal sealed partial class HubChanges(MembershipWatch watch, IHubContext<ChatHub, IChatClient> hub, SignalNames names, ILogger<ChatHub> logger) : IMembershipSignals, INodeOrder
{
    public string Name => GroupChanges.FollowOrder;

    /// <summary>When this returns, the user's connections on this node are in the group.</summary>
    public Task<long> CarryOutAsync(ReadOnlyMemory<byte> order) =>
        GroupJoin.Parse(order.Span) is { } join ? watch.FollowAsync(join) : Task.FromResult(0L);

    public Task JoinedAsync(string userId, string group) => TellAsync(hub.Clients.Group(names.Group(group)).JoinedAsync(new GroupSignal(group, userId)));

    public Task LostAsync(string userId, string group) => TellAsync(hub.Clients.Group(names.Group(group)).LostAsync(new GroupSignal(group, userId)));

    private async Task TellAsync(Task signal)
    {
        try
        {
            await signal;
        }
        catch (Exception exception)
        {
            Log.SignalLost(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "ChangeSignalLost", Message = "A signal could not be sent: {Reason}")]
        public static partial void SignalLost(ILogger logger, string reason);
    }
}
