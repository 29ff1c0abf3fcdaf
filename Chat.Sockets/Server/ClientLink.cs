using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using Chat.Sockets.Loops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Chat.Sockets.Server;

/// <summary>A client's TCP connection as the server sees it: a pipe in each direction, until somebody takes the socket away.</summary>
/// <remarks>
/// <para>The socket is closed when the server has written its last bytes, or the client is gone. Before that, everybody must have stopped using
/// it. The connection then ends for the server, too.</para>
/// <para>Once somebody has taken the socket (<see cref="TryDetach"/>), nothing of this is needed any more, and the server releases it at once.</para>
/// </remarks>
internal sealed class ClientLink : ConnectionContext, ISocketOwner, IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature,
    IConnectionLifetimeFeature, IConnectionEndPointFeature, IMemoryPoolFeature
{
    private readonly ClientPipes _pipes;
    private readonly LoopSocket _socket;
    private readonly ClientReceiver _receiver;
    private readonly ClientSender _sender;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _toldEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new(); // guards which events are watched, since watching begins on a thread of the server
    private Task _running = Task.CompletedTask;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private bool _isAborted; // on the loop's thread only
    private volatile bool _isDisposed;
    private Action? _begun; // null once called

    public ClientLink(string id, SocketLoop loop, int file, EndPoint? remote, EndPoint? local, ClientPipes pipes)
    {
        ConnectionId = id;
        RemoteEndPoint = remote;
        _local = local;
        _pipes = pipes;
        Transport = pipes;
        ConnectionClosed = _ended.Token;
        Features = new FeatureCollection(new ClientFeatures(this));
        _socket = new LoopSocket(loop, file, this);
        _receiver = new ClientReceiver(this, _socket, pipes.Received, pipes.Laborious);
        _sender = new ClientSender(this, _socket, pipes.ToSend);
    }

    public override string ConnectionId { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= _socket.LocalAddress();
        set => _local = value;
    }

    public MemoryPool<byte> MemoryPool => _pipes.Pool;

    public SocketLoop Loop => _socket.Loop;

    /// <summary>Whether the bytes that the server reads and writes are those on the wire: no TLS, nothing else in between.</summary>
    public bool IsPlain => Transport == _pipes;

    /// <summary>For how long what the client has sent of its TLS handshake has waited for its turn: that long it was not silent.</summary>
    public TimeSpan Waited => _pipes.Waited;

    /// <summary>Where what the client sends is to be deciphered, if that is much work for few bytes. On the loop's thread.</summary>
    /// <returns>Null if it is work for the loop.</returns>
    public PoolTurns? Laborious => _receiver.IsLaborious ? _pipes.Laborious : null;

    /// <summary>Whether it has been aborted, or is closed. On the loop's thread.</summary>
    public bool IsGone => _isAborted || _socket.IsClosed;

    /// <summary>Completes when the socket is closed, or somebody has taken it.</summary>
    public Task Done => _running;

    /// <summary>Who has taken the socket. Set on the loop's thread.</summary>
    public ISocketTaker? Taker { get; private set; }

    /// <param name="begun">Called once: when the server begins to read, or when it has refused the connection and the socket is closed.</param>
    public void Start(Action begun)
    {
        _begun = begun;
        _pipes.OnFirstRead(Begin, () => Features.Get<ISslStreamFeature>() is { SslStream.IsAuthenticated: false }, () => _receiver.IsAtEnd);
        _running = RunAsync();
    }

    /// <summary>Gives the socket away, on the loop's thread. The server must have stopped reading, and have nothing left to write.</summary>
    /// <param name="taker">The new owner, which has to end when the connection is aborted.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="arrived">The bytes that were received and not consumed.</param>
    /// <param name="isEnded">Whether the client has ended sending.</param>
    /// <returns>False if the client has gone. Then the socket may be closed already, and its number may belong to another one.</returns>
    public bool TryDetach(ISocketTaker taker, [NotNullWhen(true)] out LoopSocket? socket, out byte[] arrived, out bool isEnded)
    {
        (socket, isEnded) = (null, _receiver.IsAtEnd);
        if (IsGone || !_pipes.TryTakeReceived(out arrived))
        {
            arrived = [];
            return false; // nobody has taken it, so it is closed here
        }

        lock (_gate)
        {
            Taker = taker;
        }

        socket = _socket;
        return true;
    }

    /// <summary>Sets which events of the socket are watched from now on: those for which the receiver or the sender waits.</summary>
    public void Watch()
    {
        lock (_gate)
        {
            if (Taker is null)
            {
                _socket.Watch((_receiver.Reads ? SocketLoop.Readable : 0) | (_sender.WaitsForRoom ? SocketLoop.Writable : 0));
            }
        }
    }

    public void OnReady(uint events)
    {
        if ((events & (SocketLoop.Writable | SocketLoop.Failed)) != 0)
        {
            _sender.OnRoom();
        }

        if (_receiver.Reads && (events & (SocketLoop.Readable | SocketLoop.Failed)) != 0)
        {
            _receiver.Receive();
        }
    }

    /// <summary>Set, on the loop's thread, by code that uses the connection in the server's place. Called there once a second, and when the socket
    /// is closed. While it is set, the server is not told that the client sends no more: it would end the connection.</summary>
    public Action? Tending { get; set; }

    public void Tend() => Tending?.Invoke();

    /// <summary>Whether the connection has ended unnoticed, which may happen while nothing is watched. On the loop's thread.</summary>
    public bool HasFailed() => IsGone || _receiver.HasFailed || _socket.TakeError() != 0;

    /// <summary>Tells the client that nothing more will be sent (FIN), once the server has written its last bytes. On the loop's thread.</summary>
    public void EndSending()
    {
        if (!IsGone)
        {
            _socket.EndSending();
        }
    }

    public void OnFault(Exception fault) => Abort(new ConnectionAbortedException(fault.Message, fault));

    public override void Abort() => Abort(new ConnectionAbortedException());

    public override void Abort(ConnectionAbortedException abortReason) => Loop.Run(() =>
    {
        _isAborted = true;
        if (Taker is { } taker)
        {
            taker.Abort();
        }
        else
        {
            _socket.Shutdown();
        }

        EndReceiving(abortReason);
        _sender.Abort();
    });

    /// <summary>Tells the server that nothing more will arrive. On the loop's thread.</summary>
    public void EndReceiving(Exception? reason)
    {
        if (!_receiver.End(reason))
        {
            return;
        }

        if (_isDisposed || Taker is not null || Tending is not null)
        {
            _toldEnd.TrySetResult(); // nobody is left to tell, or the server ends of its own accord
            return;
        }

        // Not on this thread: the code that is told may do anything.
        ThreadPool.UnsafeQueueUserWorkItem(static link => link.TellEnd(), this, preferLocal: false);
    }

    public override async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await _pipes.Input.CompleteAsync();
        await _pipes.Output.CompleteAsync();
        await _running;
        TellBegun();
        await _toldEnd.Task;
        _ended.Dispose();
        await base.DisposeAsync();
    }

    private void Begin()
    {
        _receiver.Begin();
        TellBegun();
    }

    private void TellBegun() => Interlocked.Exchange(ref _begun, null)?.Invoke();

    private async Task RunAsync()
    {
        await _sender.RunAsync();
        await Loop.EnterAsync();
        EndReceiving(new ConnectionAbortedException());
        lock (_gate)
        {
            if (Taker is null)
            {
                _socket.Close();
            }
        }

        Tending?.Invoke(); // for the last time: a closed socket is not tended any more
    }

    private void TellEnd()
    {
        try
        {
            _ended.Cancel();
        }
        catch (AggregateException)
        {
            // Thrown by code that was told. The connection ends all the same.
        }

        _toldEnd.TrySetResult();
    }
}
