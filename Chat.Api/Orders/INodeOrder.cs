namespace Chat.Api.Orders;

/// <summary>Something that every node does when one of them says so.</summary>
internal interface INodeOrder
{
    /// <summary>The name that it goes by between nodes: one word.</summary>
    string Name { get; }

    /// <summary>Does it on this node. May be called again with the same, and with what is none: anyone with access to Redis can publish anything.</summary>
    /// <param name="order">What the node that gave it said.</param>
    /// <returns>How much was done, in whatever is worth counting.</returns>
    Task<long> CarryOutAsync(ReadOnlyMemory<byte> order);
}
