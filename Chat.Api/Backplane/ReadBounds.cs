namespace Chat.Api.Backplane;

/// <summary>What a read of a log may take of the way to Redis, over which everybody's messages go as well.</summary>
/// <param name="Bytes">Messages of so many bytes and one more at most, and at least one; 0: as many as were asked for.</param>
/// <param name="TakesTurns">Whether it waits where several such reads of this node are under way. So whoever reads long logs waits for others who do, and
/// nobody's message waits behind more than a few answers.</param>
internal readonly record struct ReadBounds(int Bytes, bool TakesTurns)
{
    /// <summary>The beginning of what a client has missed, which for most is all of it: at once, since thousands may come back together.</summary>
    public static readonly ReadBounds Beginning = new(16 * 1024, TakesTurns: false);

    /// <summary>What follows.</summary>
    public static readonly ReadBounds Rest = new(128 * 1024, TakesTurns: true);

    /// <summary>A few messages, which may be long ones.</summary>
    public static readonly ReadBounds InTurn = new(0, TakesTurns: true);
}
