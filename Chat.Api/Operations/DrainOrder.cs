using System.Text;
using Chat.Api.Connections;
using Chat.Api.Nodes;
using Chat.Api.Orders;

namespace Chat.Api.Operations;

/// <summary>Drains the named node as if it were stopped. But its process goes on, without connections, until it is stopped.</summary>
internal sealed class DrainOrder(NodeIdentity node, ConnectionDrain drain) : INodeOrder
{
    public const string Order = "drain";

    public string Name => Order;

    public static byte[] Of(string id) => Encoding.UTF8.GetBytes(id);

    public Task<long> CarryOutAsync(ReadOnlyMemory<byte> order)
    {
        if (Encoding.UTF8.GetString(order.Span) != node.Id)
        {
            return Task.FromResult(0L);
        }

        _ = drain.RunAsync(); // ConnectionDrain keeps the task, and awaits it when the node stops
        return Task.FromResult(1L);
    }
}
