namespace Chat.Api.Backplane;

/// <summary>How much of the link to Redis a read of a log may take. Everybody's messages go over that link as well.</summary>
/// <param name="Bytes">At most messages of this many bytes and one more, but at least one message; 0: as many as were asked for.</param>
/// <param name="TakesTurns">Whether it waits while several such reads of this node are under way. So readers of long logs wait for each
/// other, and nobody's message waits behind more than a few answers.</param>
internal readonly record struct ReadBounds(int Bytes, bool TakesTurns)
{
    /// <summary>The beginning of what a client has missed, which for most clients is all of it. It is read at once, since thousands may
    /// come back together.</summary>
    public static readonly ReadBounds Beginning = new(16 * 1024, TakesTurns: false);

    /// <summary>The rest of what a client has missed.</summary>
    public static readonly ReadBounds Rest = new(128 * 1024, TakesTurns: true);

    /// <summary>A few messages, which may be long ones.</summary>
    public static readonly ReadBounds InTurn = new(0, TakesTurns: true);
}
