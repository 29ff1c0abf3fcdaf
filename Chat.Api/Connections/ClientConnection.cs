namespace Chat.Api.Connections;

/// <summary>The base of every client's connection, whatever its transport. It owns the outbox, the closing, and the client's allowances.</summary>
internal abstract class ClientConnection : Connection
{
    private readonly IFrameSender _sender;
    private readonly Outbox _outbox;
    private CloseReason? _closeReason;
    private long _closingSince;
    private bool _hasEnded;

    protected ClientConnection(long number, string userId, IFrameFormat format, IFrameSender sender, ConnectionTable table)
        : base(number, userId, format)
    {
        Options = table.Options;
        Metrics = table.Metrics;
        Time = table.Time;
        Allowance = new SendAllowance(table, userId);
        _sender = sender;
        _outbox = new Outbox(sender, Options.OutboxBytes, Metrics);
    }

    public ConnectionOptions Options { get; }

    public ConnectionMetrics Metrics { get; }

    public sealed override long WaitingBytes => _outbox.WaitingBytes;

    /// <summary>How many bytes have been sent. An approximate value.</summary>
    protected long SentBytes => _outbox.SentBytes;

    protected TimeProvider Time { get; }

    public sealed override bool IsClosing => _closeReason is not null;

    public sealed override void Enqueue(Frame frame)
    {
        if (!_outbox.TryEnqueue(frame))
        {
            // Skipping a frame would be a gap nobody sees; closing makes the client resume from the log.
            Close(CloseReason.SlowConsumer);
        }
    }

    public sealed override Task HasRoomAsync() => _outbox.HasRoomAsync();

    public sealed override void Close(CloseReason reason) => Close(reason, reason);

    public override void Tend(TendingRound round)
    {
        if (IsClosing && !_hasEnded && Time.GetElapsedTime(Volatile.Read(ref _closingSince), round.Now) >= Options.CloseTimeout)
        {
            _sender.Abort();
        }
    }

    /// <param name="reason">The reason that goes into metrics and the log.</param>
    /// <param name="sent">The reason that the client is told.</param>
    protected void Close(CloseReason reason, CloseReason sent)
    {
        if (_closeReason is null)
        {
            Volatile.Write(ref _closingSince, Time.GetTimestamp()); // before the reason, which makes the keeper look at it
        }

        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is null)
        {
            OnClosing(reason);
            _outbox.Close(LastFrame(sent), dropWaiting: reason == CloseReason.SlowConsumer);
        }
    }

    /// <summary>Marks the connection as ended: nothing more is read from the client or sent to it.</summary>
    /// <param name="otherwise">The reason to assume if none was given before.</param>
    /// <returns>The reason that counts.</returns>
    protected CloseReason End(CloseReason otherwise)
    {
        _hasEnded = true;
        _outbox.End();
        return Interlocked.CompareExchange(ref _closeReason, otherwise, null) ?? otherwise;
    }

    /// <summary>Called once, before the last frame goes into the outbox.</summary>
    protected virtual void OnClosing(CloseReason reason)
    {
    }

    /// <summary>The frame that ends the connection in its protocol.</summary>
    protected abstract Frame LastFrame(CloseReason reason);
}
