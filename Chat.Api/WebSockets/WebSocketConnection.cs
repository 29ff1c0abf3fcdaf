using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Chat.Api.Backplane;
using Chat.Api.Connections;

namespace Chat.Api.WebSockets;

/// <summary>A raw WebSocket: one loop reads, the outbox writes.</summary>
/// <remarks>Frames are read, unmasked and parsed where they lie in the server's receive buffers; only messages
/// that arrive in pieces are copied. While a client is silent it holds no buffer.</remarks>
internal sealed class WebSocketConnection : Connection, IPublishOutcome
{
    private const int OtherFramesPerMessage = 10; // a message of 32 KiB in pieces of 4 KiB, and a ping

    private readonly IBackplane _backplane;
    private readonly TimeProvider _time;
    private readonly PipeReader _input;
    private readonly IFrameSender _sender;
    private readonly Outbox _outbox;
    private readonly ConnectionOptions _options;
    private readonly ConnectionMetrics _metrics;
    private readonly byte[] _utf8UserId;
    private TokenBucket _rate;
    private TokenBucket _otherFrames; // pings, pongs and fragments
    private TokenBucket _refusals; // how many refused messages are borne; without it, going on a little over the rate would never end
    private ArrayBufferWriter<byte>? _fragments; // not null: inside a fragmented message
    private int _malformedInARow;
    private int _publishesInFlight;
    private TaskCompletionSource? _publishRoom;
    private CloseReason? _closeReason;
    private long _closingSince;
    private long _heardAt;
    private long _skipping; // bytes of a frame that is too big, still to come
    private bool _discarding; // what comes can't be understood; read on only so that a reset does not overtake our close frame
    private bool _ended;

    public WebSocketConnection(long number, string userId, WebSocketFormat format, PipeReader input, IFrameSender sender, ConnectionTable table, IBackplane backplane)
        : base(number, userId, format)
    {
        _backplane = backplane;
        _utf8UserId = Encoding.UTF8.GetBytes(userId);
        _time = table.Time;
        _input = input;
        _sender = sender;
        _options = table.Options;
        _metrics = table.Metrics;
        _outbox = new Outbox(sender, _options.OutboxBytes, _metrics);
        _rate = new TokenBucket(_options.MessagesPerSecond, _options.MessageBurst, _time);
        _otherFrames = new TokenBucket(_options.MessagesPerSecond * OtherFramesPerMessage, _options.MessageBurst * OtherFramesPerMessage, _time);
        _refusals = new TokenBucket(Math.Max(1, _options.MessagesPerSecond / 10), _options.MessageBurst, _time);
        _heardAt = _time.GetTimestamp();
    }

    public new WebSocketFormat Format => (WebSocketFormat)base.Format;

    public ConnectionOptions Options => _options;

    public ConnectionMetrics Metrics => _metrics;

    public override long WaitingBytes => _outbox.WaitingBytes;

    public ReadOnlySpan<byte> Utf8UserId => _utf8UserId;

    public override void Enqueue(Frame frame)
    {
        if (!_outbox.TryEnqueue(frame))
        {
            // Skipping a frame would be a gap nobody sees; closing makes the client resume from the log.
            Close(CloseReason.SlowConsumer);
        }
    }

    public override Task HasRoomAsync() => _outbox.HasRoomAsync();

    public override void Close(CloseReason reason) => Close(reason, reason);

    /// <summary>Answers with an error; closes when nothing but errors comes.</summary>
    public void Reject(ClientError error, ReadOnlySpan<byte> id = default)
    {
        Enqueue(Format.Error(error, id));
        if (error.IsMalformed && ++_malformedInARow >= _options.MalformedInARow)
        {
            _metrics.Refused(nameof(_options.MalformedInARow));
            Close(CloseReason.TooManyErrors);
        }
    }

    /// <summary>Steps 2 and 3 of a message's path: to the backplane; what becomes of it is told to <see cref="IPublishOutcome"/>.</summary>
    public void Publish(in Publication publication)
    {
        _malformedInARow = 0;
        Interlocked.Increment(ref _publishesInFlight);
        _backplane.Publish(publication, this);
    }

    void IPublishOutcome.Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient)
    {
        if (fromClient && Format.Ack(id, epoch, offset) is { } ack)
        {
            Enqueue(ack);
        }

        PublishEnded();
    }

    void IPublishOutcome.NotPublished(ReadOnlySpan<byte> id, bool fromClient)
    {
        Enqueue(Format.Error(ClientError.NotPublished, fromClient ? id : default));
        PublishEnded();
    }

    /// <summary>Reads until the connection ends. Never throws for what a client or a network does.</summary>
    public async Task<CloseReason> ReadAsync(IMessageReader reader)
    {
        var isHandling = false;
        try
        {
            while (true)
            {
                var result = await _input.ReadAsync(CancellationToken.None);
                isHandling = true;
                var buffer = result.Buffer;
                _heardAt = _time.GetTimestamp();
                var open = true;
                while (open && !_discarding && TryReadFrame(ref buffer, out var frame))
                {
                    var payload = buffer.Slice(frame.HeaderLength, frame.PayloadLength);
                    open = Handle(frame, payload, reader, out var wait);
                    buffer = buffer.Slice(payload.End);
                    if (wait is not null)
                    {
                        await wait;
                    }
                }

                isHandling = false;
                _input.AdvanceTo(_discarding ? buffer.End : buffer.Start, buffer.End);
                if (!open || result.IsCompleted || result.IsCanceled)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (!isHandling
            && exception is (IOException or OperationCanceledException or InvalidOperationException or ObjectDisposedException))
        {
            // Reset by the peer, or ended by us: in both cases over. What handling throws is a fault of ours, and no such end.
        }

        _ended = true;
        _outbox.End();
        return Interlocked.CompareExchange(ref _closeReason, CloseReason.Vanished, null) ?? CloseReason.Vanished;
    }

    public override void Tend(long now, bool ping)
    {
        var silence = _time.GetElapsedTime(Volatile.Read(ref _heardAt), now);
        if (_closeReason is not null)
        {
            if (!_ended && _time.GetElapsedTime(Volatile.Read(ref _closingSince), now) >= _options.CloseTimeout)
            {
                _sender.Abort();
            }
        }
        else if (silence >= _options.SilenceLimit)
        {
            Close(CloseReason.PingTimeout);
        }
        else if (ping)
        {
            Enqueue(PingFrame);
        }
    }

    private static readonly Frame PingFrame = FrameWriter.Begin().End(WebSocketOpcode.Ping);

    private void Close(CloseReason reason, CloseReason sent)
    {
        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is null)
        {
            Volatile.Write(ref _closingSince, _time.GetTimestamp());
            _outbox.Close(sent.ToFrame(), dropWaiting: reason == CloseReason.SlowConsumer);
        }
    }

    private void Discard(CloseReason reason)
    {
        _discarding = true;
        Close(reason);
    }

    /// <summary>Whether a whole frame stands at the start of the bytes. A bad one closes the connection.</summary>
    private bool TryReadFrame(ref ReadOnlySequence<byte> bytes, out WebSocketFrame frame)
    {
        while (true)
        {
            var skipped = Math.Min(_skipping, bytes.Length);
            bytes = bytes.Slice(skipped);
            _skipping -= skipped;
            switch (WebSocketFrame.TryRead(bytes, out frame))
            {
                case FrameStatus.Malformed:
                    Discard(CloseReason.ProtocolError);
                    return false;
                case FrameStatus.Incomplete:
                    return false;
            }

            if (frame.IsControl || frame.PayloadLength <= _options.MessageBytes - (_fragments?.WrittenCount ?? 0))
            {
                return bytes.Length >= frame.HeaderLength + frame.PayloadLength;
            }

            // Before its payload has come: a client that says it will send too much needs not send it. One that does
            // answers our close frame behind it.
            _metrics.Refused(nameof(_options.MessageBytes));
            _skipping = frame.HeaderLength + Math.Min(frame.PayloadLength, long.MaxValue - WebSocketFrame.MaxHeaderLength);
            Close(CloseReason.TooBig);
        }
    }

    /// <summary>False: the connection is over.</summary>
    private bool Handle(in WebSocketFrame frame, in ReadOnlySequence<byte> payload, IMessageReader reader, out Task? wait)
    {
        wait = null;
        if (payload.IsSingleSegment)
        {
            // The bytes are ours from here to AdvanceTo, and are not looked at again afterwards.
            var bytes = MemoryMarshal.AsMemory(payload.First).Span;
            return Handle(frame, bytes, reader, out wait);
        }

        var copy = ArrayPool<byte>.Shared.Rent((int)payload.Length);
        payload.CopyTo(copy);
        var open = Handle(frame, copy.AsSpan(0, (int)payload.Length), reader, out wait);
        ArrayPool<byte>.Shared.Return(copy);
        return open;
    }

    private bool Handle(in WebSocketFrame frame, Span<byte> payload, IMessageReader reader, out Task? wait)
    {
        wait = null;
        if (!MayCome(frame))
        {
            _metrics.Refused(nameof(_options.MessagesPerSecond));
            Discard(CloseReason.TooManyMessages);
            return true;
        }

        WebSocketFrame.Unmask(payload, frame.Mask);
        switch (frame.Opcode)
        {
            case WebSocketOpcode.Ping:
                var pong = FrameWriter.Begin();
                pong.Write(payload);
                Enqueue(pong.End(WebSocketOpcode.Pong));
                return true;
            case WebSocketOpcode.Pong:
                return true;
            case WebSocketOpcode.Close:
                OnClose(payload);
                return false;
            case WebSocketOpcode.Binary:
                Close(CloseReason.Binary);
                return true;
            case WebSocketOpcode.Text when _fragments is null:
            case WebSocketOpcode.Continuation when _fragments is not null:
                return _closeReason is not null || OnData(frame.Fin, payload, reader, out wait);
            default:
                Discard(CloseReason.ProtocolError); // a continuation of nothing, or a message inside another
                return true;
        }
    }

    // Every ping costs an answer, and pieces of nothing need never end.
    private bool MayCome(in WebSocketFrame frame) =>
        (frame.Fin && !frame.IsControl) || frame.Opcode == WebSocketOpcode.Close || _otherFrames.TryTake();

    private bool OnData(bool fin, ReadOnlySpan<byte> payload, IMessageReader reader, out Task? wait)
    {
        wait = null;
        if (_fragments is null && fin)
        {
            wait = OnMessage(payload, reader);
            return true;
        }

        _fragments ??= new ArrayBufferWriter<byte>(Math.Max(payload.Length, 256));
        _fragments.Write(payload);
        if (fin)
        {
            wait = OnMessage(_fragments.WrittenSpan, reader);
            _fragments = null;
        }

        return true;
    }

    /// <summary>Step 1 of a message's path: limits first, then parsing.</summary>
    private Task? OnMessage(ReadOnlySpan<byte> message, IMessageReader reader)
    {
        _metrics.Received();
        if (!_rate.TryTake())
        {
            _metrics.Refused(nameof(_options.MessagesPerSecond));
            Enqueue(Format.Error(ClientError.TooManyMessages, default));
            if (!_refusals.TryTake())
            {
                Close(CloseReason.TooManyMessages);
            }

            return null;
        }

        if (!Utf8.IsValid(message))
        {
            Close(CloseReason.NotUtf8);
            return null;
        }

        return reader.Read(this, message) ?? PublishRoom();
    }

    private void OnClose(ReadOnlySpan<byte> payload)
    {
        var code = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1000;
        var valid = payload.Length != 1 && (code is >= 1000 and <= 1003 or >= 1007 and <= 1014 or >= 3000 and <= 4999);
        if (valid)
        {
            Close(CloseReason.ByClient, new CloseReason(code, ""));
        }
        else
        {
            Close(CloseReason.ProtocolError);
        }
    }

    /// <summary>Null, or what to wait for before the next message is read: backpressure towards the client.</summary>
    private Task? PublishRoom()
    {
        if (Volatile.Read(ref _publishesInFlight) < _options.PublishesInFlight)
        {
            return null;
        }

        var room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _publishRoom, room);
        Interlocked.MemoryBarrier(); // either this sees the end of a publish, or that sees the source
        if (Volatile.Read(ref _publishesInFlight) < _options.PublishesInFlight)
        {
            room.TrySetResult();
        }

        return room.Task;
    }

    private void PublishEnded()
    {
        if (Interlocked.Decrement(ref _publishesInFlight) < _options.PublishesInFlight && Volatile.Read(ref _publishRoom) is { } room)
        {
            room.TrySetResult();
        }
    }
}

/// <summary>What an endpoint does with the messages of its clients.</summary>
internal interface IMessageReader
{
    /// <param name="connection">Who sent it.</param>
    /// <param name="utf8">Valid UTF-8, within the size limit; valid during the call only.</param>
    /// <returns>Null when done; a task, which never fails, when the next message has to wait for this one.</returns>
    Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8);
}
