using System.Buffers;
using Chat.Api.Connections;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;

namespace Chat.Api.WebSockets;

/// <summary>A WebSocket's socket, taken from the server, which has released everything else. It is read when something has arrived, and
/// written to at once.</summary>
/// <remarks>
/// <para>Bytes that arrive are handled where they lie, in the loop's buffer, which serves all of its sockets. Only what is left of them,
/// an incomplete frame or bytes that have to wait, is kept, in a buffer from the pool. So a silent client costs no buffer, and a busy one
/// gets no further in a turn than <see cref="TurnBytes"/>.</para>
/// <para>Everything runs on the loop's thread, except <see cref="TrySend"/>, which is for the holder of the outbox's lock. Sending ends before the
/// socket is closed (<see cref="WebSocketLink.Disconnect"/>): a late send could go to another client, whose socket has got the same number.</para>
/// </remarks>
internal sealed class TakenSocket : ISocketOwner, ISocketTaker, IByteSource, IFrameSender
{
    private static readonly Action<ISocketTaker> Closed = static _ => { };

    private const int TurnBytes = 16 * 1024;
    private const int LeastRoom = 512;

    private LoopSocket _socket = null!;
    private byte[] _kept = [];
    private int _count; // bytes that are kept
    private IByteReader? _reader;
    private TaskCompletionSource? _end;
    private Task? _wait; // nothing is read until it completes
    private Action? _waited;
    private Outbox? _outbox; // the connection's; set once it has waited for room
    private Action? _watchRoom;
    private bool _waitsForRoom;
    private bool _isOver; // nothing more is read
    private Action<ISocketTaker>? _closed; // who is told when the socket is closed; once it is, Closed

    private TakenSocket()
    {
    }

    /// <summary>On the loop's thread. The server no longer reads, and has nothing left to write. Returns null if the client has gone.</summary>
    public static TakenSocket? TryTake(ClientLink link)
    {
        var taken = new TakenSocket();
        if (!link.TryDetach(taken, out var socket, out var arrived, out _)) // an end shows again as soon as somebody reads
        {
            return null;
        }

        taken._socket = socket;
        socket.Owner = taken;
        taken.Keep(arrived, arrived.Length, arrived.Length);
        return taken;
    }

    public bool OutlivesRequest => true;

    private SocketLoop Loop => _socket.Loop;

    private bool Reads => _reader is not null && _wait is null && !_isOver;

    public Task ReadAsync(IByteReader reader)
    {
        // What follows runs on the thread that finds the end, as it would at the end of the server's pipe.
        _end = new TaskCompletionSource();
        Loop.Run(() =>
        {
            _reader = reader;
            if (_isOver)
            {
                Finish(); // the loop has ended meanwhile
            }
            else if (_count > 0)
            {
                Handle(_kept, _count);
            }

            Watch();
        });
        return _end.Task;
    }

    public void OnReady(uint events)
    {
        if (_waitsForRoom && (events & (SocketLoop.Writable | SocketLoop.Failed)) != 0)
        {
            _waitsForRoom = false;
            _outbox!.GoOn();
        }

        if (Reads && (events & (SocketLoop.Readable | SocketLoop.Failed)) != 0)
        {
            Receive();
        }

        Watch();
    }

    public void Tend()
    {
        // ConnectionKeeper does this.
    }

    /// <summary>The loop has ended.</summary>
    public void OnFault(Exception fault) => Finish();

    public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
    {
        var result = _socket.Send(bytes);
        sent = Math.Max(result, 0);
        return result >= 0 || LoopSocket.IsBusy(result);
    }

    public bool TellsRoom(Outbox outbox)
    {
        _outbox = outbox;
        Loop.Run(_watchRoom ??= () =>
        {
            _waitsForRoom = true;
            Watch();
        });
        return true;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => throw new NotSupportedException("It tells when there is room.");

    /// <summary>Only shuts the socket down: whoever reads finds out.</summary>
    public void Abort() => Loop.Run(_socket.Shutdown);

    public void Close() => Loop.Run(() =>
    {
        _isOver = true;
        Drop();
        _socket.Close();
        Interlocked.Exchange(ref _closed, Closed)?.Invoke(this);
    });

    public void OnClosed(Action<ISocketTaker> closed)
    {
        if (Interlocked.CompareExchange(ref _closed, closed, null) is not null)
        {
            closed(this); // it is closed already
        }
    }

    // What the server watched last stays watched until something happens or somebody reads. Mostly somebody reads first, and nothing changes.
    private void Watch() => _socket.Watch((Reads ? SocketLoop.Readable : 0) | (_waitsForRoom ? SocketLoop.Writable : 0));

    private void Receive()
    {
        var buffer = Loop.Buffer;
        if (_count > 0)
        {
            Reserve();
            buffer = _kept;
        }

        var received = _socket.Receive(buffer.AsSpan(_count, Math.Min(TurnBytes, buffer.Length - _count)));
        if (received > 0)
        {
            Handle(buffer, _count + received);
        }
        else if (!LoopSocket.IsBusy(received))
        {
            Finish();
        }
    }

    private void Handle(byte[] buffer, int count)
    {
        var bytes = new ReadOnlySequence<byte>(buffer, 0, count);
        bool isOpen;
        Task? wait;
        try
        {
            while ((isOpen = _reader!.Read(ref bytes, out wait)) && wait is { IsCompletedSuccessfully: true })
            {
            }
        }
        catch (Exception fault)
        {
            Fail(fault);
            return;
        }

        Keep(buffer, count, (int)bytes.Length);
        if (!isOpen)
        {
            Finish();
        }
        else if (wait is not null)
        {
            _wait = wait;
            wait.GetAwaiter().UnsafeOnCompleted(_waited ??= () => Loop.Run(GoOn));
        }
    }

    private void GoOn()
    {
        var wait = _wait!;
        _wait = null;
        if (_isOver)
        {
            return;
        }

        if (!wait.IsCompletedSuccessfully)
        {
            Fail(wait.Exception?.InnerException ?? new TaskCanceledException(wait));
            return;
        }

        Handle(_kept, _count);
        Watch();
    }

    private void Finish()
    {
        _isOver = true;
        Drop();
        _end?.TrySetResult();
    }

    private void Fail(Exception fault)
    {
        _isOver = true;
        Drop();
        Watch();
        _end!.TrySetException(fault);
    }

    /// <summary>Keeps the last bytes of the buffer, which may be the kept buffer itself.</summary>
    private void Keep(byte[] buffer, int count, int left)
    {
        if (left == 0)
        {
            Drop();
            return;
        }

        var kept = buffer.AsSpan(count - left, left);
        if (buffer != _kept)
        {
            _kept = ArrayPool<byte>.Shared.Rent(left + LeastRoom);
        }

        kept.CopyTo(_kept);
        _count = left;
    }

    private void Reserve()
    {
        if (_kept.Length - _count >= LeastRoom)
        {
            return;
        }

        // Grow by what has come, not by what a frame says will come.
        var larger = ArrayPool<byte>.Shared.Rent(_kept.Length * 2);
        _kept.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_kept);
        _kept = larger;
    }

    private void Drop()
    {
        if (_kept.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_kept);
            (_kept, _count) = ([], 0);
        }
    }
}
