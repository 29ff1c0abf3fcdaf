using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using Chat.Sockets.Server;

namespace Edge.Proxy.Relay;

/// <summary>The side of a client whose TLS ends here: the server's stream decrypts and encrypts, on the loop's thread, where the bytes arrive.</summary>
/// <remarks>The connection and its request stay with the server until the relay is over (<see cref="Over"/>): without them, the stream cannot be had.
/// While nothing arrives, neither this side nor the stream holds a buffer.</remarks>
internal sealed class TlsSide : RelaySide
{
    private const int RecordBytes = 16 * 1000; // a little less than a TLS record can hold, so that each write is one record

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ClientLink _link;
    private readonly SslStream _tls;
    private bool _isReceiving;
    private bool _isTrying; // TrySend is running
    private Task? _ending;
    private bool _isSending; // the socket takes no more at the moment

    public TlsSide(RelayPair pair, ClientLink link, SslStream tls)
        : base(pair)
    {
        (_link, _tls) = (link, tls);
        link.Tending = Tend;
    }

    /// <summary>Completes when nobody uses the connection any more.</summary>
    public Task Over => _over.Task;

    public override bool HasWaiting => _isSending || base.HasWaiting;

    public override void EndSending()
    {
        if (!HasWaiting && !IsDeaf)
        {
            _ending ??= EndSendingAsync();
        }
    }

    public override void Watch()
    {
        if (!_isReceiving && !IsReadToEnd && !Other.HasWaiting && !Pair.IsOver)
        {
            _isReceiving = true;
            _ = EndAtFaultAsync(ReceiveAsync());
        }
    }

    public override void Close(bool reset)
    {
        _link.Tending = null;
        EndSending();
        if (reset || !IsReadToEnd || _ending is not { IsCompleted: true })
        {
            _link.Abort();
        }

        _over.TrySetResult();
    }

    /// <summary>Takes the bytes that the server has decrypted and not consumed.</summary>
    public static byte[] TakeReceived(PipeReader received)
    {
        if (!received.TryRead(out var result))
        {
            return [];
        }

        var taken = result.Buffer.ToArray();
        received.AdvanceTo(result.Buffer.End);
        return taken;
    }

    protected override int TrySend(ReadOnlySpan<byte> bytes)
    {
        var sent = 0;
        _isTrying = true;
        while (sent < bytes.Length && !_isSending && !IsDeaf && !Pair.IsOver)
        {
            var record = bytes[sent..Math.Min(bytes.Length, sent + RecordBytes)];
            var buffer = ArrayPool<byte>.Shared.Rent(record.Length);
            record.CopyTo(buffer);
            sent += record.Length;
            Sent(WriteAsync(buffer.AsMemory(0, record.Length)), buffer);
        }

        _isTrying = false;
        return sent;
    }

    // While nothing is received, since the node takes nothing or the client has ended, nothing else would show that the client is gone.
    private void Tend()
    {
        if ((IsReadToEnd || !_isReceiving) && _link.HasFailed())
        {
            ReceivedLast(isReset: true);
        }
        else
        {
            Pair.Tend(this);
        }
    }

    private ValueTask WriteAsync(ReadOnlyMemory<byte> record)
    {
        try
        {
            return _tls.WriteAsync(record);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException(exception); // thrown here, it would end only this call, not the connection
        }
    }

    // Usually the bytes are on the wire by now.
    private void Sent(ValueTask write, byte[] buffer)
    {
        if (write.IsCompletedSuccessfully)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        _isSending = true;
        _ = EndAtFaultAsync(SentAsync(write, buffer));
    }

    private async Task SentAsync(ValueTask write, byte[] buffer)
    {
        var isSent = false;
        try
        {
            await write;
            isSent = true;
        }
        catch (Exception)
        {
            // The client has gone, or the server has ended the connection.
        }

        await _link.Loop.EnterAsync();
        ArrayPool<byte>.Shared.Return(buffer);
        _isSending = false;
        if (Pair.IsOver)
        {
            return;
        }

        if (!isSent)
        {
            Deafen();
        }
        else if (!_isTrying) // otherwise another thread, such as the one that wrote the upgrade's answer, has sent it meanwhile, and TrySend goes on
        {
            Pair.Progressed(this);
            SendWaiting();
        }
    }

    // Does what a loop does when the owner of a socket throws: the connection must not stay open without being received from.
    private async Task EndAtFaultAsync(Task running)
    {
        try
        {
            await running;
        }
        catch (Exception fault)
        {
            _link.Loop.Report(fault);
            _link.Loop.Run(Pair.Abort);
        }
    }

    private async Task EndSendingAsync()
    {
        try
        {
            await _tls.ShutdownAsync();
            _link.EndSending();
        }
        catch (Exception)
        {
            // The client takes no more, and so need not be told.
        }
    }

    private async Task ReceiveAsync()
    {
        while (!Other.HasWaiting)
        {
            if (_link.Laborious is { } turns)
            {
                await turns.EnterAsync();
            }

            var buffer = await DecipherAsync();
            await _link.Loop.EnterAsync();
            if (Pair.IsOver || IsReadToEnd)
            {
                Return(buffer);
                return;
            }

            if (buffer.Count == 0)
            {
                ReceivedLast(isReset: buffer.Array is null);
                Return(buffer);
                return;
            }

            Received(buffer);
            Return(buffer);
        }

        _isReceiving = false;
        Watch(); // the bytes for which it waited may have been sent meanwhile

        static void Return(ArraySegment<byte> buffer)
        {
            if (buffer.Array is { } array)
            {
                ArrayPool<byte>.Shared.Return(array);
            }
        }
    }

    // Returns no bytes at the client's end, and no array if that was not in good order: a reset, a torn record, or the server ended the connection.
    private async ValueTask<ArraySegment<byte>> DecipherAsync()
    {
        byte[]? buffer = null;
        try
        {
            _ = await _tls.ReadAsync(Memory<byte>.Empty); // waits without a buffer
            buffer = ArrayPool<byte>.Shared.Rent(RecordBytes);
            return new ArraySegment<byte>(buffer, 0, await _tls.ReadAsync(buffer));
        }
        catch (Exception)
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return default;
        }
    }
}
