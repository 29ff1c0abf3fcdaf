using System.Diagnostics;
using System.Net.Sockets;
using Chat.Sockets.Loops;

namespace Chat.Api.Redis.Resp;

/// <summary>One pipelined connection to a Redis server, kept up: reconnects by itself until disposed.</summary>
/// <remarks>
/// <para>Guarantee: replies are handled one at a time, in the order of the server. A command is refused by
/// <see cref="TrySend(ReadOnlySpan{byte}, IRespReply?)"/>, completed by its reply, or failed when the link breaks. Nothing is kept to be sent later.</para>
/// <para>Mechanism: one thread reads. <see cref="RespQueue"/> decides what is sent, when and in which order.</para>
/// <para>When replies come in quick succession, the reading thread pauses for <paramref name="pause"/> after each round. Replies gather meanwhile, as
/// network cards gather packets before an interrupt. At such rates, the cost is not in the work but in waking up for it, here and in Redis.</para>
/// </remarks>
internal sealed class RespLink(RedisEndpoint endpoint, IRespLinkOwner owner, RespLinkKind kind, TimeSpan timeout, TimeSpan pause, string name) : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryFlush = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(1); // a link that breaks sooner than this is not made anew at once

    private readonly RespQueue _queue = new(kind);
    private Tuple<string, int>? _server; // null: none yet
    private Thread? _thread;
    private volatile bool _disposed;

    public RedisEndpoint Endpoint => endpoint;

    public bool IsUp => _queue.IsOpen;

    /// <summary>The one of its servers to which it is, or was last, connected.</summary>
    public (string Host, int Port) Server => Volatile.Read(ref _server) is var (host, port) ? (host, port) : endpoint.Servers[0];

    /// <summary>Which life of its server the link talks to, or talked to last (<see cref="ServerLife"/>).</summary>
    public string Life { get; private set; } = ServerLife.Unknown;

    /// <summary>When it last came up, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long UpSince { get; private set; }

    /// <summary>The login with which the link logged in last.</summary>
    public (string? User, string? Password) Login { get; set; }

    /// <summary>What the server acknowledged last over this link.</summary>
    public LastAck LastAck { get; init; } = new(TimeProvider.System);

    /// <summary>Whether it is not made anew any more.</summary>
    public bool IsEnded => _disposed;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Hands over a command. Returns false if the link is down or too far behind; nothing was sent then.</summary>
    public bool TrySend(ReadOnlySpan<byte> command, IRespReply? reply) => _queue.TrySend(command, reply);

    /// <summary>As <see cref="TrySend(ReadOnlySpan{byte}, IRespReply?)"/>, for a command that takes turns with those of other parties when more has
    /// come than the server has answered. Commands that are sent by the other method never wait behind such a command.</summary>
    public bool TrySend(IPatientCommand command) => _queue.TrySend(command);

    /// <summary>As <see cref="TrySend(ReadOnlySpan{byte}, IRespReply?)"/>, with another command right before it; no other command comes
    /// in between.</summary>
    public bool TrySend(ReadOnlySpan<byte> before, ReadOnlySpan<byte> command, IRespReply? reply) => _queue.TrySend(before, command, reply);

    /// <summary>Makes patient commands wait until the replies to everything sent so far have been handled. What those replies make their
    /// owner send goes first. So commands that have to be sent again keep their order.</summary>
    public void HoldBack() => _queue.HoldBack();

    /// <summary>Breaks the link if a reply is overdue. For TLS, whose reading thread waits without a limit.</summary>
    public void BreakIfOverdue()
    {
        if (_queue.OwedFor > timeout)
        {
            Break();
        }
    }

    /// <summary>Breaks the connection; it is made anew at once. For a link that is up but deaf.</summary>
    public void Break() => _queue.CloseSocket();

    /// <summary>Ends the link, without waiting for that.</summary>
    public void End()
    {
        _disposed = true;
        Break();
    }

    public void Dispose()
    {
        End();
        if (_thread is not null && _thread != Thread.CurrentThread)
        {
            _thread.Join(TimeSpan.FromSeconds(3));
        }
    }

    private void Run()
    {
        SharedThread.Enter(); // code that waits for an answer may continue here, but no client's next request
        var buffer = new byte[64 * 1024];
        var failures = 0;
        for (var attempts = 0u; !_disposed; attempts++) // each goes to the next server: the last one may be up, and be of no use
        {
            (string Host, int Port)[] servers = [.. endpoint.Servers.Union(endpoint.Further?.All ?? [])];
            var server = servers[attempts % (uint)servers.Length];
            var reason = $"{server.Host}:{server.Port} closed the connection";
            long upSince = 0; // 0: was not up
            try
            {
                using var socket = RespSocket.Connect(endpoint, server, timeout);
                Login = endpoint.CurrentLogin;
                Life = RespHandshake.Perform(socket, endpoint, Login, kind, timeout);
                UpSince = Stopwatch.GetTimestamp();
                Volatile.Write(ref _server, Tuple.Create(server.Host, server.Port));
                _queue.Begin(socket, Life);
                upSince = Stopwatch.GetTimestamp();
                owner.OnUp(this);
                _queue.Open();
                owner.OnBatchEnd(this);
                reason = Read(socket, ref buffer) ?? reason;
            }
            catch (Exception exception)
            {
                // Catch everything: without this thread, the node would be deaf until it is restarted.
                if (exception is ReplicaException { PrimaryInCluster: { } primary })
                {
                    endpoint.Further?.Add(primary);
                }

                reason = $"{server.Host}:{server.Port}: {Describe(exception)}";
            }

            _queue.FailAll();
            owner.OnDown(this, reason, isNews: !_disposed && (upSince != 0 || failures == 0));
            owner.OnBatchEnd(this);
            if (!_disposed)
            {
                // At once after a break, then slower, with jitter so that nodes don't come back in step. Never much slower: once Redis is
                // back, messages are still refused until the link is up.
                var hasLasted = upSince != 0 && Stopwatch.GetElapsedTime(upSince) >= Lasting;
                failures = hasLasted ? 1 : failures + 1;
                var wait = hasLasted ? 20 : Math.Min(200, 25 << Math.Min(failures, 3));
                Thread.Sleep(wait + Random.Shared.Next(wait));
            }
        }
    }

    // Anything that is not a fault of the network is one of ours, and then the message alone does not tell enough.
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
                if (_queue.OwedFor > timeout)
                {
                    return $"no reply within {timeout.TotalSeconds:0.#} s";
                }

                isStalled = _queue.Flush(); // there may be no reply before the rest of a long command is out
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
            isStalled = _queue.Flush();
            owner.OnBatchEnd(this);
            var now = Stopwatch.GetTimestamp();
            if (pause > TimeSpan.Zero && !isMoreLikely && Stopwatch.GetElapsedTime(lastRound, now) < pause * 2)
            {
                _queue.Pause(pause);
                hasPaused = true;
                now = Stopwatch.GetTimestamp();
            }

            lastRound = now;
        }

        return "stopping";
    }

    private void Handle(ReadOnlySpan<byte> bytes)
    {
        var reader = new RespReader(bytes);
        if (kind == RespLinkKind.Subscriber)
        {
            owner.OnPush(this, ref reader);
            return;
        }

        var reply = _queue.Take();
        try
        {
            reply.Complete(ref reader);
        }
        catch
        {
            reply.Fail(); // it is no longer among those that are owed, and somebody waits for it
            throw;
        }

        _queue.Answered();
    }
}
