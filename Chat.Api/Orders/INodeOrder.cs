namespace Chat.Api.Orders;

/// <summary>Something that every node does when one of them orders it.</summary>
internal interface INodeOrder
{
    /// <summary>The order's name between nodes: one word.</summary>
    string Name { get; }

    /// <summary>Carries out the order on this node. May be called again with the same text, or with a malformed one: anyone with access to Redis can
    /// publish anything.</summary>
    /// <param name="order">The text of the order.</param>
    /// <returns>How much was done, in units that suit the order.</returns>
    Task<long> CarryOutAsync(ReadOnlyMemory<byte> order);
}
