using System.Collections.Concurrent;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Orders;

namespace Chat.Tests.Orders;

/// <summary>Records the orders it receives, and does nothing.</summary>
internal sealed class NotedOrder : INodeOrder
{
    public const string Order = "note";

    public string Name => Order;

    public ConcurrentQueue<string> Carried { get; } = new();

    public Task<long> CarryOutAsync(ReadOnlyMemory<byte> order)
    {
        var text = Encoding.UTF8.GetString(order.Span);
        Carried.Enqueue(text);
        return text == "fail" ? throw new BackplaneUnavailableException("so it was told") : Task.FromResult(10L);
    }
}
