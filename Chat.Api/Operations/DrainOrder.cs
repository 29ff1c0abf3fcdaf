using System.Text;
using Chat.Api.Connections;
using Chat.Api.Nodes;
using Chat.Api.Orders;

namespace Chat.Api.Operations;

/// <summary>Drains the node that it names, as if that were stopped; but the process goes on, with nobody on it, until it is.</summary>
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

        _ = drain.RunAsync(); // kept there, and awaited when the node stops
        return Task.FromResult(1L);
    }
}
