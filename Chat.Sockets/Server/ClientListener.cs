using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ServiceDefaults;
using Chat.Sockets.Loops;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Chat.Sockets.Server;

/// <summary>Accepts clients and gives each to the next loop.</summary>
internal sealed partial class ClientListener : IConnectionListener, ISocketOwner
{
    private const int Backlog = 4096; // the system has a limit of its own

    // How many connections may be accepted before the server has dealt with them: until then it can neither count nor refuse them, and each is an open
    // file. The loop has others to serve as well.
    private const int MostAhead = 64;

    private static long connections;

    private readonly Socket _listening;
    private readonly SocketLoops _loops;
    private readonly ClientPipes.Settings _pipes;
    private readonly LoopSocket _socket;
    private readonly IPEndPoint _local;
    private readonly bool _isAny;
    private readonly NowAndThen _says;
    private readonly ILogger _logger;

    private readonly Action _begun;
    private int _ahead;

    // On the loop's thread only.
    private TaskCompletionSource? _waiting;
    private bool _waitsForServer;
    private bool _isUnbound;
    private bool _triesAgain;

    public ClientListener(Socket listening, SocketLoops loops, ClientPipes.Settings pipes, NowAndThen says, ILogger logger)
    {
        _says = says;
        _logger = logger;
        listening.Blocking = false;
        listening.NoDelay = true; // accepted sockets inherit this
        listening.Listen(Backlog);
        _listening = listening;
        _loops = loops;
        _pipes = pipes;
        _local = (IPEndPoint)listening.LocalEndPoint!;
        _isAny = _local.Address.Equals(IPAddress.Any) || _local.Address.Equals(IPAddress.IPv6Any);
        _socket = new LoopSocket(loops.Next(), (int)listening.Handle, this, ownsFile: false);
        _begun = OnBegun;
    }

    public EndPoint EndPoint => _local;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        await _socket.Loop.EnterAsync();
        while (!_isUnbound)
        {
            _waitsForServer = Volatile.Read(ref _ahead) >= MostAhead;
            if (!_waitsForServer && TryAccept() is { } client)
            {
                Interlocked.Increment(ref _ahead);
                client.Start(_begun);
                return client;
            }

            _waiting = new TaskCompletionSource();
            await _waiting.Task;
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _socket.Loop.Run(() =>
        {
            if (!_isUnbound)
            {
                _isUnbound = true;
                _socket.Close();
                _listening.Dispose();
                Continue();
            }
        });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await UnbindAsync();

    public void OnReady(uint events)
    {
        _socket.Watch(0);
        Continue();
    }

    public void Tend()
    {
        if (_triesAgain)
        {
            _triesAgain = false;
            Continue();
        }
    }

    public void OnFault(Exception fault) => Continue();

    private ClientLink? TryAccept()
    {
        Span<byte> address = stackalloc byte[SocketAddresses.MaxLength];
        while (true)
        {
            var length = SocketAddresses.MaxLength;
            var file = Libc.Accept((int)_listening.Handle, ref address[0], ref length, Libc.NonBlocking | Libc.CloseOnExec);
            if (file >= 0)
            {
                var id = Interlocked.Increment(ref connections).ToString("X8", CultureInfo.InvariantCulture);
                return new ClientLink(id, _loops.Next(), file, SocketAddresses.Read(address), _isAny ? null : _local, new ClientPipes(_pipes));
            }

            switch (Libc.Error)
            {
                case Libc.Again:
                    _socket.Watch(SocketLoop.Readable);
                    return null;
                case Libc.Interrupted or Libc.ConnectionAborted:
                    continue;
                case var error:
                    // Too many open files, too little memory, a network that is down: all of these pass, and the clients who wait are not lost.
                    if (_says.IsTime())
                    {
                        LogNotAccepted(Libc.SocketErrorOf(error).Message);
                    }

                    _triesAgain = true;
                    return null;
            }
        }
    }

    // On any thread. AcceptAsync does not miss this: before it waits, it looks at the number on the loop's thread.
    private void OnBegun()
    {
        if (Interlocked.Decrement(ref _ahead) == MostAhead / 2)
        {
            _socket.Loop.Run(() =>
            {
                if (_waitsForServer)
                {
                    Continue();
                }
            });
        }
    }

    private void Continue()
    {
        if (_waiting is { } waiting)
        {
            _waiting = null;
            waiting.SetResult();
        }
    }

    [LoggerMessage(EventName = "ClientsNotAccepted", Level = LogLevel.Error, Message = "New clients have to wait, because the system cannot accept their connections: {Reason}")]
    private partial void LogNotAccepted(string reason);
}
