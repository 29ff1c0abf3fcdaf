namespace Chat.Api.Orders;

/// <summary>Something that every node answers when one of them asks.</summary>
internal interface INodeQuestion
{
    /// <summary>The question's name between nodes: one word, and not the name of an order.</summary>
    string Name { get; }

    /// <summary>Returns this node's answer. May be called at any time: anyone with access to Redis can ask.</summary>
    Task<byte[]> AnswerAsync();
}
