using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Chat.Api.Connections;

namespace Chat.Api.WebSockets;

/// <summary>A WebSocket, whatever protocol runs over it: its source brings frames, the outbox writes them.</summary>
/// <remarks>Frames are read, unmasked and handled where they lie in the receive buffer; only messages
/// that arrive in pieces are copied. While a client is silent it holds no buffer.</remarks>
internal abstract class WebSocketLink : ClientConnection, IByteReader
{
    private static readonly ArrayBufferWriter<byte> InPieces = new(); // stays empty

    private readonly IByteSource _source;
    private ArrayBufferWriter<byte>? _fragments; // not null: inside a fragmented message
    private long _heardAt;
    private bool _reads; // false while the client joins
    private Task? _wait; // not null: nothing is read before it has completed
    private long _sent; // as it was when the connection was last looked at; only the thread that tends uses it
    private WebSocketFrame? _rest; // the part still to come of a frame that is handed on in pieces
    private long _skipping; // bytes still to come of a frame that is too big
    private bool _discarding; // the input can't be understood, and is read only so that a reset does not overtake our close frame

    protected WebSocketLink(long number, string userId, IFrameFormat format, IByteSource source, IFrameSender sender, ConnectionTable table)
        : base(number, userId, format, sender, table)
    {
        _source = source;
        _heardAt = Time.GetTimestamp();
    }

    /// <summary>Whether the connection continues after the end of the request that it came with.</summary>
    public bool OutlivesRequest => _source.OutlivesRequest;

    /// <summary>Reads until the connection ends. Never throws for what a client or a network does.</summary>
    protected async Task<CloseReason> ReadFramesAsync()
    {
        Volatile.Write(ref _reads, true);
        await _source.ReadAsync(this);
        return End(CloseReason.Vanished);
    }

    /// <summary>The connection is over, for whatever reason: nothing is sent any more, and then the socket is closed.</summary>
    public void Disconnect()
    {
        End(CloseReason.Vanished);
        _source.Close();
    }

    bool IByteReader.Read(ref ReadOnlySequence<byte> bytes, out Task? wait)
    {
        Volatile.Write(ref _heardAt, Time.GetTimestamp());
        wait = null;
        var isOpen = true;
        while (isOpen && wait is null && !_discarding && TryReadFrame(ref bytes, out var frame))
        {
            var payload = bytes.Slice(frame.HeaderLength, frame.PayloadLength);
            isOpen = Handle(frame, payload, out wait);
            bytes = bytes.Slice(payload.End);
        }

        if (_discarding)
        {
            bytes = bytes.Slice(bytes.End);
        }

        Volatile.Write(ref _wait, wait);
        return isOpen;
    }

    public override void Tend(TendingRound round)
    {
        base.Tend(round);
        if (IsClosing)
        {
            return;
        }

        HearUnread(round.Now);
        if (Time.GetElapsedTime(Volatile.Read(ref _heardAt), round.Now) >= Options.SilenceLimit && !(round.AwakeFor < Options.SilenceLimit - Options.PingInterval))
        {
            Close(CloseReason.PingTimeout);
        }
        else if (round.Pings)
        {
            Enqueue(PingFrame);
        }
    }

    private static readonly Frame PingFrame = FrameWriter.Begin().End(WebSocketOpcode.Ping);

    /// <summary>Whether messages are handed on as they come, in pieces and however long, because the protocol over the WebSocket has
    /// bounds of its own.</summary>
    protected virtual bool TakesPieces => false;

    /// <summary>Whether binary messages are accepted like text. Otherwise they end the connection.</summary>
    protected virtual bool TakesBinary => false;

    /// <summary>Step 1 of a message's path: limits first, then parsing.</summary>
    /// <param name="message">A whole text message, of at most <see cref="ConnectionOptions.MessageBytes"/>, or a piece of one
    /// (<see cref="TakesPieces"/>); valid during the call only.</param>
    /// <returns>Null, or what to wait for before the next message is read; it never fails.</returns>
    protected abstract Task? OnMessage(ReadOnlySpan<byte> message);

    protected override Frame LastFrame(CloseReason reason) => FrameWriter.Close(reason);

    // A client that joins, or whose message is being handled, cannot be heard: its pongs lie unread. It is there if it takes what it is sent, such as
    // what it has missed; or if there is nothing to take, and it is the node that waits.
    private void HearUnread(long now)
    {
        var (before, isRead) = (_sent, Volatile.Read(ref _reads) && Volatile.Read(ref _wait) is not { IsCompleted: false });
        _sent = SentBytes;
        if (!isRead && (_sent != before || WaitingBytes == 0))
        {
            Volatile.Write(ref _heardAt, now);
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
            if (_rest is { } rest)
            {
                frame = rest;
                return TryTakePiece(ref frame, bytes.Length);
            }

            switch (WebSocketFrame.TryRead(bytes, out frame))
            {
                case FrameStatus.Malformed:
                    Discard(CloseReason.ProtocolError);
                    return false;
                case FrameStatus.Incomplete:
                    return false;
            }

            if (TakesPieces && !frame.IsControl)
            {
                return TryTakePiece(ref frame, bytes.Length);
            }

            if (frame.IsControl || frame.PayloadLength <= Options.MessageBytes - (_fragments?.WrittenCount ?? 0))
            {
                return bytes.Length >= frame.HeaderLength + frame.PayloadLength;
            }

            // Refuse it before its payload has come: a client that announces too much need not send it. If it does, its answer to our
            // close frame comes after the payload.
            Metrics.Refused(nameof(Options.MessageBytes));
            _skipping = frame.HeaderLength + Math.Min(frame.PayloadLength, long.MaxValue - WebSocketFrame.MaxHeaderLength);
            Close(CloseReason.TooBig);
        }
    }

    /// <summary>Reduces the frame to what has come of it.</summary>
    private bool TryTakePiece(ref WebSocketFrame frame, long arrived)
    {
        var length = arrived - frame.HeaderLength;
        if (length >= frame.PayloadLength)
        {
            _rest = null;
            return true;
        }

        if (length == 0)
        {
            return false;
        }

        (frame, _rest) = frame.Split(length);
        return true;
    }

    /// <summary>Returns false if the connection is over.</summary>
    private bool Handle(in WebSocketFrame frame, in ReadOnlySequence<byte> payload, out Task? wait)
    {
        wait = null;
        if (payload.IsSingleSegment)
        {
            // The bytes are ours (IByteReader), and are not looked at again afterwards.
            var bytes = MemoryMarshal.AsMemory(payload.First).Span;
            return Handle(frame, bytes, out wait);
        }

        var copy = ArrayPool<byte>.Shared.Rent((int)payload.Length);
        payload.CopyTo(copy);
        var open = Handle(frame, copy.AsSpan(0, (int)payload.Length), out wait);
        ArrayPool<byte>.Shared.Return(copy);
        return open;
    }

    private bool Handle(in WebSocketFrame frame, Span<byte> payload, out Task? wait)
    {
        wait = null;
        if (!MayCome(frame))
        {
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
            case WebSocketOpcode.Text or WebSocketOpcode.Binary or WebSocketOpcode.Continuation when IsClosing:
                return true; // what is left of what the client was sending; then comes its answer to our close frame
            case WebSocketOpcode.Binary when !TakesBinary:
                Close(CloseReason.Binary);
                return true;
            case WebSocketOpcode.Binary when _fragments is null:
            case WebSocketOpcode.Text when _fragments is null:
            case WebSocketOpcode.Continuation when _fragments is not null:
                return OnData(frame.Fin, payload, out wait);
            default:
                Discard(CloseReason.ProtocolError); // a continuation of nothing, or a message inside another
                return true;
        }
    }

    // Every ping costs an answer, and empty fragments could go on forever.
    private bool MayCome(in WebSocketFrame frame) =>
        (frame.Fin && !frame.IsControl) || frame.HeaderLength == 0 || frame.Opcode == WebSocketOpcode.Close || Allowance.TakeFrame();

    private bool OnData(bool fin, ReadOnlySpan<byte> payload, out Task? wait)
    {
        wait = null;
        if (TakesPieces)
        {
            _fragments = fin ? null : InPieces;
            wait = OnMessage(payload);
            return true;
        }

        if (_fragments is null && fin)
        {
            wait = OnMessage(payload);
            return true;
        }

        _fragments ??= new ArrayBufferWriter<byte>(Math.Max(payload.Length, 256));
        _fragments.Write(payload);
        if (fin)
        {
            wait = OnMessage(_fragments.WrittenSpan);
            _fragments = null;
        }

        return true;
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
}
