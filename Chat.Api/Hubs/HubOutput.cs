using System.Buffers;
using System.IO.Pipelines;
using Chat.Api.Connections;

namespace Chat.Api.Hubs;

/// <summary>Puts what SignalR writes to one connection into its outbox, between the messages that topics deliver.</summary>
/// <remarks>SignalR writes under a lock of its own, one whole message per flush. A flush never waits, because the outbox deals with a client
/// that does not keep up. Between writes no buffer is held.</remarks>
internal sealed class HubOutput(Connection connection) : PipeWriter
{
    private const int LeastBuffer = 256;

    private static readonly FlushResult Flushed = new(isCanceled: false, isCompleted: false);

    private byte[] _buffer = [];
    private int _length;
    private volatile bool _isAnswered; // whether the handshake is answered: the answer is SignalR's first write

    private HubFormat Format => (HubFormat)connection.Format;

    /// <summary>Whether SignalR has answered the handshake.</summary>
    public bool IsAnswered => _isAnswered;

    /// <summary>The last frame, which tells the client why the connection ends: a close message or, until the handshake is answered, an error in
    /// place of the answer. SignalR's clients understand nothing else before the answer.</summary>
    public Frame Last(CloseReason reason) => _isAnswered ? Format.Close(reason) : Format.HandshakeError(reason.Text, mayReconnect: !reason.IsFinal);

    public override void Advance(int bytes) => _length += bytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_length);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length > 0)
        {
            Enqueue(_buffer.AsSpan(0, _length));
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _length) = ([], 0);
        }

        return new ValueTask<FlushResult>(Flushed);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_length > 0)
        {
            this.Write(source.Span);
            return FlushAsync(cancellationToken);
        }

        Enqueue(source.Span);
        return new ValueTask<FlushResult>(Flushed);
    }

    public override void CancelPendingFlush()
    {
        // None is ever pending.
    }

    public override void Complete(Exception? exception = null)
    {
        // The connection ends when its owner closes it.
    }

    private void Enqueue(ReadOnlySpan<byte> bytes)
    {
        _isAnswered = true; // set before the answer is queued: to the client, an error after the answer would be garbage
        connection.Enqueue(Format.Wrap(bytes));
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _length >= Math.Max(count, 1))
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(LeastBuffer, Math.Max(_length + count, _buffer.Length * 2)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }
}
