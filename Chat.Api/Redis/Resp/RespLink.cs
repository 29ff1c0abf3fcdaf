using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>One pipelined connection to a Redis server, kept up: reconnects by itself until disposed.</summary>
/// <remarks>
/// <para>Guarantee: replies are handled one at a time, in the order of the server; a command is either refused by
/// <see cref="TrySend(ReadOnlySpan{byte}, IRespReply?)"/>, or its reply completes, or it fails when the link breaks. Nothing is kept to be sent later.</para>
/// <para>Mechanism: one thread reads. Writers append under a lock and send at once when the server owes no reply;
/// otherwise their bytes wait for the next reply and go out together (the idea of Nagle's algorithm, RFC 896,
/// at the level of commands): at low load nothing waits, at high load both sides save system calls.</para>
/// <para>Under load, publishes take turns by user: of those that Redis has not answered, only so many bytes are sent
/// (<see cref="WindowBytes"/>), and the rest waits in a <see cref="FairQueue"/>. A flood so delays those who cause it. The node's
/// own commands never wait for it: ticks, reads, admissions.</para>
/// <para>When replies come in quick succession the reading thread takes a pause of <paramref name="pause"/> after each
/// round, in which they gather, as network cards gather packets before an interrupt. What costs at such rates is
/// not the work but waking up for it, here and in Redis.</para>
/// </remarks>
internal sealed class RespLink(RedisEndpoint endpoint, IRespLinkOwner owner, RespLinkKind kind, TimeSpan timeout, TimeSpan pause, string name) : IDisposable
{
    private const int FlushBytes = 32 * 1024; // that much is worth a system call of its own at any time
    private const int MaxWaitingBytes = 8 * 1024 * 1024; // a Redis that is this far behind gets no more; publishers are told
    private const int WindowBytes = 256 * 1024; // of which no reply has come; beyond it parties take turns. 100 MB/s at a round trip of 2.5 ms

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryFlush = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(1); // a link that breaks sooner than this is not made anew at once

    private readonly Lock _gate = new();
    private readonly Queue<(IRespReply Reply, int Bytes)> _owed = new(); // replies the server still owes, in order; guarded by _gate
    private readonly FairQueue _waiting = new(MaxWaitingBytes); // not empty: the window is full and replies are owed, or another link's replies are waited for; guarded by _gate
    private readonly SendBuffer _out = new(); // guarded by _gate
    private long _owedBytes; // of the commands in _owed; guarded by _gate
    private readonly Queue<(long Reply, RespLink HeldBack)> _holds = new(); // links that wait for a reply of this one; guarded by _gate
    private long _asked; // commands sent over the link's life; guarded by _gate
    private long _answered; // and those of them whose replies are handled; guarded by _gate
    private int _heldBackBy; // answers of links that patient commands wait for; guarded by _gate
    private byte[] _life = [.. ServerLife.UnknownUtf8]; // guarded by _gate
    private RespSocket? _socket; // not null: connected; guarded by _gate
    private volatile bool _isOpen; // to all, not just to the reading thread; set under _gate
    private bool _isPausing; // the reading thread is about to flush; guarded by _gate
    private Thread? _thread;
    private volatile bool _disposed;
    private long _oldestOwedSince; // when the reply at the head of the queue began to be waited for; guarded by _gate

    public RedisEndpoint Endpoint => endpoint;

    public bool IsUp => _isOpen;

    /// <summary>Which life of its server the link talks to, or talked to last (<see cref="ServerLife"/>).</summary>
    public string Life { get; private set; } = ServerLife.Unknown;

    /// <summary>When it last came up, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long UpSince { get; private set; }

    /// <summary>With which the link logged in last.</summary>
    public (string? User, string? Password) Login { get; set; }

    /// <summary>What the server acknowledged last over this link.</summary>
    public LastAck LastAck { get; } = new(TimeProvider.System);

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Hands over a command. False: the link is down or too far behind; nothing was sent.</summary>
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

    /// <summary>As <see cref="TrySend(ReadOnlySpan{byte}, IRespReply?)"/>, for a command that takes turns with those of other
    /// parties where more has come than the server has answered. What is sent the other way never waits behind such.</summary>
    public bool TrySend(IPatientCommand command)
    {
        var bytes = command.Bytes;
        lock (_gate)
        {
            if (!MaySend_NeedsLock(bytes.Length))
            {
                return false;
            }

            if (_heldBackBy > 0 || !_waiting.IsEmpty || !HasRoom_NeedsLock(bytes.Length))
            {
                return _waiting.TryAdd(command); // a reply is owed, and makes room or ends the hold
            }

            Send_NeedsLock(bytes, command);
            return true;
        }
    }

    /// <summary>As <see cref="TrySend(ReadOnlySpan{byte}, IRespReply?)"/>, with another command right before it that nobody else's comes between.</summary>
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

    /// <summary>Makes patient commands of a link wait until this one has handled the replies to all that
    /// it was given up to now. What those replies make the other link send goes first, and so the order is kept of commands
    /// that have to be sent again. What only waits here does not count: two links could wait for each other for ever.</summary>
    /// <param name="other">May be this one.</param>
    public void HoldBack(RespLink other)
    {
        lock (other._gate)
        {
            other._heldBackBy++;
        }

        lock (_gate)
        {
            _holds.Enqueue((_asked, other)); // while a reply is being handled, it is among those
        }

        EndHolds(answered: 0); // outside of that there may be none
    }

    /// <summary>Breaks the link if a reply is overdue. For TLS, whose reading thread waits without a limit.</summary>
    public void BreakIfOverdue()
    {
        if (OwedFor() > timeout)
        {
            Break();
        }
    }

    /// <summary>Breaks the connection; it is made anew at once. For a link that is up but deaf.</summary>
    public void Break()
    {
        lock (_gate)
        {
            _socket?.Close();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        Break();
        if (_thread is not null && _thread != Thread.CurrentThread)
        {
            _thread.Join(TimeSpan.FromSeconds(3));
        }
    }

    private void Run()
    {
        var buffer = new byte[64 * 1024];
        var failures = 0;
        while (!_disposed)
        {
            var server = endpoint.Servers[failures % endpoint.Servers.Count];
            var reason = $"{server.Host}:{server.Port} closed the connection";
            long upSince = 0; // 0: was not up
            try
            {
                using var socket = RespSocket.Connect(endpoint, server, timeout);
                Login = endpoint.CurrentLogin;
                var life = RespHandshake.Perform(socket, endpoint, Login, kind, timeout);
                lock (_gate)
                {
                    (Life, _life) = (life, Encoding.ASCII.GetBytes(life));
                    UpSince = Stopwatch.GetTimestamp();
                    _out.Clear();
                    _socket = socket;
                }

                upSince = Stopwatch.GetTimestamp();
                owner.OnUp(this);
                lock (_gate)
                {
                    _isOpen = true;
                }

                owner.OnBatchEnd(this);
                reason = Read(socket, ref buffer) ?? reason;
            }
            catch (Exception exception)
            {
                // Whatever it was: without this thread the node would be deaf until it is restarted.
                reason = $"{server.Host}:{server.Port}: {Describe(exception)}";
            }

            FailOwed();
            owner.OnDown(this, reason, isNews: !_disposed && (upSince != 0 || failures == 0));
            owner.OnBatchEnd(this);
            if (!_disposed)
            {
                // At once after a break, then slower, with jitter so that nodes don't come back in step. Never much slower:
                // every moment of an outage after Redis is back is one of messages refused.
                var hasLasted = upSince != 0 && Stopwatch.GetElapsedTime(upSince) >= Lasting;
                failures = hasLasted ? 1 : failures + 1;
                var wait = hasLasted ? 20 : Math.Min(200, 25 << Math.Min(failures, 3));
                Thread.Sleep(wait + Random.Shared.Next(wait));
            }
        }
    }

    // What is no fault of a network is one of ours, and then the message alone does not tell enough.
    private static string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "no answer in time",
        SocketException or IOException or RespException or System.Security.Authentication.AuthenticationException or ObjectDisposedException => exception.Message,
        _ => exception.ToString(),
    };

    private string? Read(RespSocket socket, ref byte[] buffer)
    {
        var end = 0;
        var lastRound = Stopwatch.GetTimestamp();
        var hasPaused = false;
        var isStalled = false; // something did not fit into the socket
        while (!_disposed)
        {
            if (end == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = socket.Receive(buffer.AsSpan(end), isStalled ? RetryFlush : Poll, hasPaused, out var closed);
            hasPaused = false;
            if (closed)
            {
                return null;
            }

            if (read == 0)
            {
                if (OwedFor() > timeout)
                {
                    return $"no reply within {timeout.TotalSeconds:0.#} s";
                }

                isStalled = Flush(); // there may be no reply before the rest of a long command is out
                continue;
            }

            var isMoreLikely = read == buffer.Length - end;
            end += read;
            var start = 0;
            while (start < end && RespReader.TryMeasure(buffer.AsSpan(start, end - start), out var length))
            {
                Handle(buffer.AsSpan(start, length));
                start += length;
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            isStalled = Flush();
            owner.OnBatchEnd(this);
            var now = Stopwatch.GetTimestamp();
            if (pause > TimeSpan.Zero && !isMoreLikely && Stopwatch.GetElapsedTime(lastRound, now) < pause * 2)
            {
                Pause();
                hasPaused = true;
                now = Stopwatch.GetTimestamp();
            }

            lastRound = now;
        }

        return "stopping";
    }

    private void Pause()
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

    private void Handle(ReadOnlySpan<byte> bytes)
    {
        var reader = new RespReader(bytes);
        if (kind == RespLinkKind.Subscriber)
        {
            owner.OnPush(this, ref reader);
            return;
        }

        IRespReply reply;
        lock (_gate)
        {
            if (!_owed.TryDequeue(out var owed))
            {
                throw new RespException("A reply came that no command asked for.");
            }

            reply = owed.Reply;
            _owedBytes -= owed.Bytes;
            _oldestOwedSince = Environment.TickCount64;
        }

        try
        {
            reply.Complete(ref reader);
        }
        catch
        {
            reply.Fail(); // it is no longer among those that are owed, and somebody waits for it
            throw;
        }

        EndHolds(answered: 1);
    }

    private void EndHolds(int answered)
    {
        while (true)
        {
            RespLink heldBack;
            lock (_gate)
            {
                _answered += answered;
                answered = 0;
                if (!_holds.TryPeek(out var hold) || hold.Reply > _answered)
                {
                    return;
                }

                heldBack = _holds.Dequeue().HeldBack;
            }

            lock (heldBack._gate) // one link's lock at a time
            {
                heldBack._heldBackBy--;
                heldBack.Flush_NeedsLock();
            }
        }
    }

    // While the owner sets a new connection up nobody else sends: a publish that comes before the scripts are loaded
    // would be sent once more and so fall behind the next one of its client. What the owner sends then has no bound.
    private bool MaySend_NeedsLock(int length) => _socket is not null
        && (_isOpen ? _out.Length + _socket.Unwritten + length <= MaxWaitingBytes : Thread.CurrentThread == _thread);

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
            _out.Overwrite(command.Length - lifeAt, _life); // under the lock, as the connection is: never the life of another one
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

    private TimeSpan OwedFor()
    {
        lock (_gate)
        {
            return _owed.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - _oldestOwedSince);
        }
    }

    private void FailOwed()
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

        foreach (var reply in owed)
        {
            reply.Fail();
        }

        EndHolds(answered: 0);
    }

    /// <summary>True: not everything went out.</summary>
    private bool Flush()
    {
        lock (_gate)
        {
            Flush_NeedsLock();
            return _out.Length > 0;
        }
    }

    private void Flush_NeedsLock()
    {
        while (_heldBackBy == 0 && !_waiting.IsEmpty && HasRoom_NeedsLock(0) && _waiting.TryTake(out var waiting))
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
