using Chat.Api.Memberships;
using Chat.Api.Orders;

namespace Chat.Api.Hubs;

/// <summary>The hub's part in <see cref="GroupMirrors"/>: sends <c>mirror</c> to the user's connections on this node.</summary>
internal sealed class HubMirrors(MembershipWatch watch) : INodeOrder
{
    public string Name => GroupMirrors.Order;

    public Task<long> CarryOutAsync(ReadOnlyMemory<byte> order) =>
        Task.FromResult(GroupMirrors.Parse(order.Span) is var (user, group, generation) ? watch.Mirror(user, group, generation) : 0L);
}
