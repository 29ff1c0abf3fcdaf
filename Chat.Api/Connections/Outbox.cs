using System.Buffers;

namespace Chat.Api.Connections;

/// <summary>The frames that wait to be sent to one connection, bounded in bytes.</summary>
/// <remarks>
/// <para>Any thread may enqueue. Sends never overlap: they happen under the lock, since they do not wait. If the client does not keep up
/// and the sender cannot tell when it does again, they happen in <see cref="SendSlowlyAsync"/>, of which only one runs at a time.</para>
/// <para>A sender is given whole frames, as many as fit into one send, or the rest of one that went out in part: transports that turn
/// each send into one event or one poll (SignalR's) must not cut a record in two.</para>
/// <para>The lock is held across a send of some microseconds at most: handing the send to another thread would cost
/// more than the rare wait of a second enqueuer.</para>
/// </remarks>
internal sealed class Outbox(IFrameSender sender, int capacity, ConnectionMetrics metrics)
{
    private const int Staging = 64 * 1024; // frames are gathered up to this much per send
    private const int LeastCost = 64; // bytes that even the smallest frame takes in memory

    [ThreadStatic]
    private static byte[]? staging;

    private readonly Lock _gate = new();
    private Frame?[] _ring = []; // guarded by _gate, as is everything below
    private int _head;
    private int _count;
    private int _headSent; // bytes of the first frame that went out already
    private int _underWay; // bytes after the sent ones that a slow send has been given and has not confirmed
    private long _bytes;
    private long _sent;
    private bool _inBatch;
    private bool _isSlow;
    private bool _closing; // the last frame is in; nothing follows it
    private TaskCompletionSource? _drained;

    /// <summary>An approximate value, for metrics.</summary>
    public long WaitingBytes => Volatile.Read(ref _bytes);

    /// <summary>How many bytes the client, or its network, has taken. An approximate value.</summary>
    public long SentBytes => Volatile.Read(ref _sent);

    /// <summary>Returns false if the frame would exceed the capacity. It is then not in the outbox, and the connection has to be closed as a slow consumer.</summary>
    public bool TryEnqueue(Frame frame)
    {
        lock (_gate)
        {
            if (_closing)
            {
                return true;
            }

            if (_bytes + Cost(frame) > capacity && _count > 0)
            {
                return false;
            }

            Add_NeedsLock(frame);
            if (!_isSlow && !_inBatch && !(_inBatch = SendBatch.TryAdd(this)))
            {
                Send_NeedsLock();
            }

            return true;
        }
    }

    /// <summary>Sends what a batch has collected.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _inBatch = false;
            if (!_isSlow)
            {
                Send_NeedsLock();
            }
        }
    }

    /// <summary>Sends again: the client takes more, or is gone.</summary>
    public void GoOn()
    {
        lock (_gate)
        {
            _isSlow = false;
            Send_NeedsLock();
        }
    }

    /// <summary>Sends this frame as the last one.</summary>
    /// <param name="last">A close frame.</param>
    /// <param name="dropWaiting">Whether to drop the frames that wait, except those of which some bytes have been sent.</param>
    public void Close(Frame last, bool dropWaiting)
    {
        lock (_gate)
        {
            if (_closing)
            {
                return;
            }

            var begun = FramesBegun_NeedsLock();
            while (dropWaiting && _count > begun)
            {
                _count--;
                ref var dropped = ref _ring[(_head + _count) % _ring.Length];
                _bytes -= Cost(dropped!);
                dropped = null;
            }

            Add_NeedsLock(last);
            _closing = true;
            Drained_NeedsLock(); // nobody has to wait for room any more: nothing more is accepted
            if (!_isSlow)
            {
                Send_NeedsLock();
            }
        }
    }

    /// <summary>The connection has ended: what waits is dropped, and nothing more is accepted or sent. Confirmations of
    /// messages it sent may still arrive for some seconds.</summary>
    public void End()
    {
        lock (_gate)
        {
            Drop_NeedsLock();
        }
    }

    /// <summary>Completes when at most half of the capacity is in use. For replays, which can be larger than the capacity.</summary>
    public Task HasRoomAsync()
    {
        lock (_gate)
        {
            if (_closing || _bytes <= capacity / 2)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    // Counts the frames of which bytes are sent or under way: dropping the rest of these would garble the stream.
    private int FramesBegun_NeedsLock()
    {
        var frames = 0;
        for (long covered = 0; covered < _headSent + _underWay; frames++)
        {
            covered += Frame_NeedsLock(frames).Length;
        }

        return frames;
    }

    private void Add_NeedsLock(Frame frame)
    {
        if (_count == _ring.Length)
        {
            var larger = new Frame?[Math.Max(4, _ring.Length * 2)];
            for (var i = 0; i < _count; i++)
            {
                larger[i] = Frame_NeedsLock(i);
            }

            (_ring, _head) = (larger, 0);
        }

        _ring[(_head + _count) % _ring.Length] = frame;
        _count++;
        _bytes += Cost(frame);
    }

    // The capacity limits memory: a client that sends pings and never reads must not get a million pongs in.
    private static int Cost(Frame frame) => Math.Max(frame.Length, LeastCost);

    private void Send_NeedsLock()
    {
        while (_count > 0)
        {
            var bytes = Next_NeedsLock(ref staging);
            if (!sender.TrySend(bytes.Span, out var sent))
            {
                Gone_NeedsLock();
                return;
            }

            metrics.Sent(sent);
            Advance_NeedsLock(sent);
            if (sent < bytes.Length)
            {
                _isSlow = true;
                if (!sender.TellsRoom(this))
                {
                    _ = SendSlowlyAsync();
                }

                return;
            }
        }

        Emptied_NeedsLock();
    }

    /// <summary>What to send next: one frame as it is, or several gathered in the buffer.</summary>
    private ReadOnlyMemory<byte> Next_NeedsLock(ref byte[]? buffer)
    {
        var first = _ring[_head]!.Memory[_headSent..];
        if (_count == 1 || first.Length + Frame_NeedsLock(1).Length > Staging)
        {
            return first;
        }

        buffer ??= new byte[Staging];
        first.CopyTo(buffer);
        var filled = first.Length;
        for (var i = 1; i < _count && filled + Frame_NeedsLock(i).Length <= Staging; i++)
        {
            Frame_NeedsLock(i).Span.CopyTo(buffer.AsSpan(filled));
            filled += Frame_NeedsLock(i).Length;
        }

        return buffer.AsMemory(0, filled);
    }

    private Frame Frame_NeedsLock(int i) => _ring[(_head + i) % _ring.Length]!;

    private void Advance_NeedsLock(int sent)
    {
        _sent += sent;
        _headSent += sent;
        while (_count > 0 && _headSent >= _ring[_head]!.Length)
        {
            var sentFrame = _ring[_head]!;
            _ring[_head] = null;
            _head = (_head + 1) % _ring.Length;
            _headSent -= sentFrame.Length;
            _bytes -= Cost(sentFrame);
            _count--;
        }

        if (_bytes <= capacity / 2)
        {
            Drained_NeedsLock();
        }
    }

    private void Drained_NeedsLock()
    {
        _drained?.TrySetResult();
        _drained = null;
    }

    private void Emptied_NeedsLock()
    {
        if (_ring.Length > 64)
        {
            (_ring, _head) = ([], 0); // a burst must not cost memory for the rest of a connection's life
        }
    }

    private void Gone_NeedsLock()
    {
        Drop_NeedsLock();
        sender.Abort();
    }

    private void Drop_NeedsLock()
    {
        _closing = true;
        (_ring, _head, _count, _headSent, _underWay, _bytes) = ([], 0, 0, 0, 0, 0);
        Drained_NeedsLock();
    }

    // One at a time per outbox, only while its client does not keep up. Ends when everything is out.
    private async Task SendSlowlyAsync()
    {
        await Task.Yield(); // off the enqueuer's thread, and out of its lock
        byte[]? buffer = ArrayPool<byte>.Shared.Rent(Staging);
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> bytes;
                lock (_gate)
                {
                    if (_count == 0)
                    {
                        _isSlow = false;
                        Emptied_NeedsLock();
                        return;
                    }

                    bytes = Next_NeedsLock(ref buffer);
                    _underWay = bytes.Length;
                }

                await sender.SendAsync(bytes);
                metrics.Sent(bytes.Length);
                lock (_gate)
                {
                    _underWay = 0;
                    Advance_NeedsLock(bytes.Length);
                }
            }
        }
        catch (IOException)
        {
            lock (_gate)
            {
                Gone_NeedsLock(); // the reading side sees the same end and cleans up
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer!);
        }
    }
}
