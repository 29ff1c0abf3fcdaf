using System.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>The commands of one link: those that wait for their turn, those on their way out, and those that the server owes replies to.</summary>
/// <remarks>
/// <para>Writers append under a lock and send at once when the server owes no reply; otherwise their bytes wait for the next reply
/// and go out together (the idea of Nagle's algorithm, RFC 896, at the level of commands): at low load nothing waits, at high
/// load both sides save system calls.</para>
/// <para>Under load, publishes take turns by user: only <see cref="WindowBytes"/> of them are sent ahead of Redis's replies, and the rest
/// waits in a <see cref="FairQueue"/>. So a flood delays only those who cause it. The node's own commands, such as ticks, reads and
/// admissions, never wait for it.</para>
/// </remarks>
internal sealed class RespQueue(RespLinkKind kind)
{
    private const int FlushBytes = 32 * 1024; // this much is worth a system call of its own at any time
    private const int MaxWaitingBytes = 8 * 1024 * 1024; // a Redis that is this far behind gets no more; publishers are told
    private const int WindowBytes = 256 * 1024; // sent and not yet answered; beyond it, parties take turns. 100 MB/s at a round trip of 2.5 ms

    private readonly Lock _gate = new(); // guards everything below
    private readonly Queue<(IRespReply Reply, int Bytes)> _owed = new(); // replies the server still owes, in order
    private readonly FairQueue _waiting = new(MaxWaitingBytes); // if not empty, the window is full and replies are owed, or the queue is held back
    private readonly SendBuffer _out = new();
    private long _owedBytes; // of the commands in _owed
    private long _oldestOwedSince; // since when the reply at the head of the queue has been waited for
    private long _asked; // commands sent so far
    private long _answered; // how many of them have had their replies handled
    private long _heldUntil; // patient commands wait until this many have
    private byte[] _life = [.. ServerLife.UnknownUtf8];
    private RespSocket? _socket; // not null: connected
    private Thread? _opener; // the only one that may send until the queue is open
    private volatile bool _isOpen;
    private bool _isPausing; // somebody is about to flush

    /// <summary>Whether anybody may send.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>How long the oldest command without a reply has waited for it.</summary>
    public TimeSpan OwedFor
    {
        get
        {
            lock (_gate)
            {
                return _owed.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - _oldestOwedSince);
            }
        }
    }

    /// <summary>Begins with a new connection. Until <see cref="Open"/>, only the calling thread can send over it.</summary>
    public void Begin(RespSocket socket, string life)
    {
        lock (_gate)
        {
            _life = Encoding.ASCII.GetBytes(life);
            _out.Clear();
            (_socket, _opener) = (socket, Thread.CurrentThread);
        }
    }

    public void Open()
    {
        lock (_gate)
        {
            _isOpen = true;
        }
    }

    public void CloseSocket()
    {
        lock (_gate)
        {
            _socket?.Close();
        }
    }

    /// <inheritdoc cref="RespLink.TrySend(ReadOnlySpan{byte}, IRespReply?)"/>
    public bool TrySend(ReadOnlySpan<byte> command, IRespReply? reply)
    {
        lock (_gate)
        {
            if (!MaySend_NeedsLock(command.Length))
            {
                return false;
            }

            Send_NeedsLock(command, reply);
            return true;
        }
    }

    /// <inheritdoc cref="RespLink.TrySend(IPatientCommand)"/>
    public bool TrySend(IPatientCommand command)
    {
        var bytes = command.Bytes;
        lock (_gate)
        {
            if (!MaySend_NeedsLock(bytes.Length))
            {
                return false;
            }

            if (IsHeld || !_waiting.IsEmpty || !HasRoom_NeedsLock(bytes.Length))
            {
                return _waiting.TryAdd(command); // a reply is owed, and makes room or ends the hold
            }

            Send_NeedsLock(bytes, command);
            return true;
        }
    }

    /// <inheritdoc cref="RespLink.TrySend(ReadOnlySpan{byte}, ReadOnlySpan{byte}, IRespReply?)"/>
    public bool TrySend(ReadOnlySpan<byte> before, ReadOnlySpan<byte> command, IRespReply? reply)
    {
        lock (_gate)
        {
            if (!MaySend_NeedsLock(before.Length + command.Length))
            {
                return false;
            }

            Append_NeedsLock(before, IgnoredReply.Instance);
            Append_NeedsLock(command, reply);
            Flush_NeedsLock();
            return true;
        }
    }

    /// <inheritdoc cref="RespLink.HoldBack"/>
    public void HoldBack()
    {
        lock (_gate)
        {
            _heldUntil = _asked; // a command whose reply is being handled is not answered yet
        }
    }

    /// <summary>Returns the command whose reply has come. Call <see cref="Answered"/> once that reply has been handled.</summary>
    /// <exception cref="RespException">No reply is owed.</exception>
    public IRespReply Take()
    {
        lock (_gate)
        {
            if (!_owed.TryDequeue(out var owed))
            {
                throw new RespException("A reply came that no command asked for.");
            }

            _owedBytes -= owed.Bytes;
            _oldestOwedSince = Environment.TickCount64;
            return owed.Reply;
        }
    }

    public void Answered()
    {
        lock (_gate)
        {
            if (++_answered == _heldUntil)
            {
                Flush_NeedsLock();
            }
        }
    }

    /// <summary>The connection has gone. Fails the commands whose replies were owed, and those that waited.</summary>
    public void FailAll()
    {
        List<IRespReply> owed;
        lock (_gate)
        {
            (_socket, _isOpen) = (null, false);
            owed = [.. _owed.Select(one => one.Reply)];
            _owed.Clear();
            _owedBytes = 0;
            _answered = _asked;
            while (_waiting.TryTake(out var waiting))
            {
                owed.Add(waiting);
            }
        }

        owed.ForEach(static reply => reply.Fail());
    }

    /// <summary>Sends what can be sent. Returns true if some of it could not.</summary>
    public bool Flush()
    {
        lock (_gate)
        {
            Flush_NeedsLock();
            return _out.Length > 0;
        }
    }

    /// <summary>Lets commands gather for a while, then sends them.</summary>
    public void Pause(TimeSpan pause)
    {
        lock (_gate)
        {
            _isPausing = true;
        }

        Thread.Sleep(pause);
        lock (_gate)
        {
            _isPausing = false;
            Flush_NeedsLock();
        }
    }

    private bool IsHeld => _answered < _heldUntil;

    // While the owner sets up a new connection, nobody else sends: a publish that comes before the scripts are loaded would be sent once
    // more, and so would fall behind the next one of its client. What the owner sends then has no bound.
    private bool MaySend_NeedsLock(int length) => _socket is not null
        && (_isOpen ? _out.Length + _socket.Unwritten + length <= MaxWaitingBytes : Thread.CurrentThread == _opener);

    private bool HasRoom_NeedsLock(int length) => _owed.Count == 0 || _owedBytes + length <= WindowBytes;

    private void Send_NeedsLock(ReadOnlySpan<byte> command, IRespReply? reply)
    {
        var idle = _owed.Count == 0;
        Append_NeedsLock(command, reply);

        // A subscriber link owes no replies in order, so nothing of its own would flush later.
        if ((idle && !_isPausing) || kind == RespLinkKind.Subscriber || _out.Length > FlushBytes)
        {
            Flush_NeedsLock();
        }
    }

    private void Append_NeedsLock(ReadOnlySpan<byte> command, IRespReply? reply)
    {
        _out.Append(command);
        if (reply is IPatientCommand { LifeAt: >= 0 and var lifeAt })
        {
            _out.Overwrite(command.Length - lifeAt, _life); // under the lock that also guards the connection: never the life of another one
        }

        if (reply is null)
        {
            return;
        }

        if (_owed.Count == 0)
        {
            _oldestOwedSince = Environment.TickCount64;
        }

        _asked++;
        _owed.Enqueue((reply, command.Length));
        _owedBytes += command.Length;
    }

    private void Flush_NeedsLock()
    {
        while (!IsHeld && !_waiting.IsEmpty && HasRoom_NeedsLock(0) && _waiting.TryTake(out var waiting))
        {
            Append_NeedsLock(waiting.Bytes, waiting);
        }

        if (_socket is null || _out.Length == 0)
        {
            return;
        }

        try
        {
            _out.Advance(_socket.Send(_out.Span, out var closed));
            if (closed)
            {
                _socket.Close();
            }
        }
        catch (Exception)
        {
            // The reading thread sees the end, fails what is owed and reconnects; a writer need not know.
            _socket.Close();
        }
    }
}
