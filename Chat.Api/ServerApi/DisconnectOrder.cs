using System.Text;
using Chat.Api.Connections;
using Chat.Api.Orders;

namespace Chat.Api.ServerApi;

/// <summary>Closes all connections of a user on every node. The order is <c>{user}</c>, a line end, and the reason that clients are told.</summary>
internal sealed class DisconnectOrder(ConnectionTable connections) : INodeOrder
{
    public const string Order = "disconnect";

    /// <summary>The most bytes of a reason (see <see cref="CloseReason"/>).</summary>
    public const int MostReasonBytes = 123;

    public string Name => Order;

    public static byte[] Of(string userId, string reason) => Encoding.UTF8.GetBytes($"{userId}\n{reason}"); // no id contains a line end

    public Task<long> CarryOutAsync(ReadOnlyMemory<byte> order)
    {
        if (Encoding.UTF8.GetString(order.Span).Split('\n') is not [var userId, var text])
        {
            return Task.FromResult(0L);
        }

        var closed = 0L;
        var reason = CloseReason.Disconnected with { Text = text };
        foreach (var connection in connections.All.Where(connection => connection.UserId == userId))
        {
            connection.Close(reason);
            closed++;
        }

        return Task.FromResult(closed);
    }
}
