using Chat.Api.Messages;

namespace Chat.Api.Connections;

/// <summary>A client's connection to this node, as topics see it.</summary>
internal abstract class Connection(long number, string userId, IFrameFormat format)
{
    /// <summary>Unique on this node; with the node's id it names the connection cluster-wide.</summary>
    public long Number { get; } = number;

    public string UserId { get; } = userId;

    /// <summary>The format in which its client is addressed. It does not change once the connection has joined a topic.</summary>
    public IFrameFormat Format { get; protected set; } = format;

    /// <summary>The id of the edge through which its client is connected. Null if there is none.</summary>
    public string? Edge { get; set; }

    /// <summary>When the token it came with, or a newer one shown since, expires. Null if there was none: the connection may stay.</summary>
    public DateTimeOffset? ExpiresAt
    {
        get => Volatile.Read(ref _expiresAt) is var ticks and < long.MaxValue ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
        set => Volatile.Write(ref _expiresAt, value?.UtcTicks ?? long.MaxValue);
    }

    private long _expiresAt = long.MaxValue; // UTC ticks: the keeper reads it while a client shows a newer token

    /// <summary>What its client may send.</summary>
    public SendAllowance Allowance { get; protected init; } = null!;

    /// <summary>Called when this connection's membership in a topic was ended for it. Called under the topic's lock: must not wait, block
    /// or throw.</summary>
    public Action<Topic>? Removed { get; set; }

    /// <summary>Puts a frame into the outbox. Never waits and never throws; the connection of a client that does not keep up is closed.</summary>
    public abstract void Enqueue(Frame frame);

    /// <summary>How many bytes the outbox holds.</summary>
    public virtual long WaitingBytes => 0;

    /// <summary>Completes when the outbox has room for a fair amount more, or when the connection has ended.</summary>
    public abstract Task HasRoomAsync();

    /// <summary>Whether it is being closed, for whatever reason, so that nothing more need be sent.</summary>
    public virtual bool IsClosing => false;

    /// <summary>Whether its client may reach another node when it reconnects. An edge keeps requests of some kinds on one node.</summary>
    public virtual bool CanMove => true;

    /// <summary>Ends the connection with the closing handshake of its protocol. Only the first reason counts.</summary>
    public abstract void Close(CloseReason reason);

    /// <summary>Called about once a second. Pings the client, and ends a connection that is dead or does not finish closing.</summary>
    public abstract void Tend(TendingRound round);
}
