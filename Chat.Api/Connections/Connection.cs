using Chat.Api.Messages;

namespace Chat.Api.Connections;

/// <summary>One client's link to this node, as topics see it.</summary>
internal abstract class Connection(long number, string userId, IFrameFormat format)
{
    /// <summary>Unique on this node; with the node's id it names the connection cluster-wide.</summary>
    public long Number { get; } = number;

    public string UserId { get; } = userId;

    /// <summary>How its client is spoken to. Once it has joined a topic, that is settled.</summary>
    public IFrameFormat Format { get; protected set; } = format;

    /// <summary>Until when the token is valid that it came with, or that was shown since; null: there was none, it stays.</summary>
    public DateTimeOffset? ExpiresAt
    {
        get => Volatile.Read(ref _expiresAt) is var ticks and < long.MaxValue ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
        set => Volatile.Write(ref _expiresAt, value?.UtcTicks ?? long.MaxValue);
    }

    private long _expiresAt = long.MaxValue; // UTC ticks: the keeper reads it while a client shows a newer token

    /// <summary>What its client may send.</summary>
    public SendAllowance Allowance { get; protected init; } = null!;

    /// <summary>Told when this connection's membership in a topic was ended for it. Called under the topic's lock: must
    /// not wait, block or throw.</summary>
    public Action<Topic>? Removed { get; set; }

    /// <summary>Puts a frame into the outbox. Never waits and never throws; a client that does not keep up is closed.</summary>
    public abstract void Enqueue(Frame frame);

    /// <summary>What the outbox holds.</summary>
    public virtual long WaitingBytes => 0;

    /// <summary>Completes when the outbox can take a fair amount more, or the connection has ended.</summary>
    public abstract Task HasRoomAsync();

    /// <summary>Ends it, with the closing handshake of its protocol. Only the first reason counts.</summary>
    public abstract void Close(CloseReason reason);

    /// <summary>Called about once a second: pings, and ends what is dead or does not finish closing.</summary>
    /// <param name="now">The time provider's timestamp.</param>
    /// <param name="ping">Whether it is this connection's turn.</param>
    public abstract void Tend(long now, bool ping);
}
