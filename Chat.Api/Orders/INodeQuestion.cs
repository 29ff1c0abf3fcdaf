namespace Chat.Api.Orders;

/// <summary>Something that every node answers when one of them asks.</summary>
internal interface INodeQuestion
{
    /// <summary>The name that it goes by between nodes: one word, and no order's.</summary>
    string Name { get; }

    /// <summary>What this node answers. May be called at any time: anyone with access to Redis can ask.</summary>
    Task<byte[]> AnswerAsync();
}
