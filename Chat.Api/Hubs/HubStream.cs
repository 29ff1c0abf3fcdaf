using System.IO.Pipelines;
using Chat.Api.Connections;
using Microsoft.AspNetCore.Connections;

namespace Chat.Api.Hubs;

/// <summary>A hub client on server-sent events or long polling, over SignalR's transports.</summary>
/// <remarks>The outbox lies before the transport's pipe, so that caps, order and closing are those of every connection.</remarks>
internal sealed class HubStream : Connection, IDuplexPipe
{
    private readonly ConnectionContext _context;
    private readonly Outbox _outbox;
    private readonly TimeProvider _time;
    private readonly TimeSpan _closeTimeout;
    private CloseReason? _closeReason;
    private readonly HubInput _input;
    private long _closingSince;

    public HubStream(long number, string userId, ConnectionContext context, ConnectionTable table)
        : base(number, userId, HubFormat.Of(null, isFramed: false))
    {
        _context = context;
        _time = table.Time;
        _closeTimeout = table.Options.CloseTimeout;
        _outbox = new Outbox(new PipeSender(context.Transport.Output, context.Abort), table.Options.OutboxBytes, table.Metrics);
        Allowance = new SendAllowance(table, userId);
        _input = new HubInput(context.Transport.Input, table, Close);
        Output = new HubOutput(this);
    }

    public PipeReader Input => _input;

    public PipeWriter Output { get; }

    public CloseReason Reason => _closeReason ?? CloseReason.Vanished;

    public override long WaitingBytes => _outbox.WaitingBytes;

    public override void Enqueue(Frame frame)
    {
        if (!_outbox.TryEnqueue(frame))
        {
            Close(CloseReason.SlowConsumer);
        }
    }

    public override Task HasRoomAsync() => _outbox.HasRoomAsync();

    public override void Close(CloseReason reason)
    {
        if (_closeReason is null)
        {
            Volatile.Write(ref _closingSince, _time.GetTimestamp()); // before the reason, which makes the keeper look at it
        }

        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is null)
        {
            _outbox.Close(((HubFormat)Format).Close(reason), dropWaiting: reason == CloseReason.SlowConsumer);
        }
    }

    /// <summary>Settles the protocol, before anything is joined.</summary>
    public void Speak(string? protocol)
    {
        var format = HubFormat.Of(protocol, isFramed: false);
        (Format, _input.Format) = (format, format);
    }

    /// <summary>The hub is through with it: whatever comes now is dropped.</summary>
    public void End()
    {
        Interlocked.CompareExchange(ref _closeReason, CloseReason.HubEnded, null);
        _outbox.End();
    }

    // Pings and limits of silence are the transports'.
    public override void Tend(long now, bool ping)
    {
        if (_closeReason is not null && _time.GetElapsedTime(Volatile.Read(ref _closingSince), now) >= _closeTimeout)
        {
            _context.Abort();
        }
    }
}
