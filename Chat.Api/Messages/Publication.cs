namespace Chat.Api.Messages;

/// <summary>One message on its way to the backplane. String values are JSON-escaped bytes without their quotes.</summary>
internal readonly ref struct Publication
{
    public required TopicKind Kind { get; init; }

    /// <summary>The topic's name, UTF-8.</summary>
    public required ReadOnlySpan<byte> Topic { get; init; }

    public required ReadOnlySpan<byte> From { get; init; }

    public required ReadOnlySpan<byte> Msg { get; init; }

    /// <summary>The client's id for this message. If empty, the node gives one, and no earlier message is looked up.</summary>
    public ReadOnlySpan<byte> MsgId { get; init; }

    /// <summary>The number of the connection it came from; 0 if none.</summary>
    public long Via { get; init; }

    /// <summary>Empty for a message; else the kind of signal, which skips the log.</summary>
    public ReadOnlySpan<byte> Signal { get; init; }

    /// <summary>Whether this is not a message but the removal of <see cref="From"/> from the group. A removal has its place in the log,
    /// and so in the order. Every node is told of it, not only the nodes that hold members.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>Whether this is not a message but the deletion of one, whose position is <see cref="Msg"/>: <c>{epoch}:{offset}</c>. The
    /// text goes out of the log, and the notice of that has a place of its own in it, and so in the order.</summary>
    public bool IsDeletion { get; init; }
}
