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
/// <para>The socket is closed when the server has written its last, or the client is gone; before, nobody may be using it any more. With
/// that, the connection ends for the server.</para>
/// <para>Once somebody has taken the socket (<see cref="TryDetach"/>), nothing of this is needed any more, and the server lets go of it at once.</para>
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
    private readonly Lock _gate = new(); // guards what of the socket is watched, which begins on a thread of the server
    private Task _running = Task.CompletedTask;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private bool _isAborted; // on the loop's thread only
    private volatile bool _isDisposed;
    private Action? _begun; // until it has

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
        _receiver = new ClientReceiver(this, _socket, pipes.Received);
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

    /// <summary>Whether what the server reads and writes is what goes over the wire: no TLS, nothing else in between.</summary>
    public bool IsPlain => Transport == _pipes;

    /// <summary>For how long what the client has sent of its TLS handshake has waited for its turn: that long it was not silent.</summary>
    public TimeSpan Waited => _pipes.Waited;

    /// <summary>Whether it has been aborted, or is closed. On the loop's thread.</summary>
    public bool IsGone => _isAborted || _socket.IsClosed;

    /// <summary>Who has taken the socket. Set on the loop's thread.</summary>
    public ISocketTaker? Taker { get; private set; }

    /// <param name="begun">Called once: when the server begins to read, or has refused it and the socket is closed.</param>
    public void Start(Action begun)
    {
        _begun = begun;
        _pipes.OnFirstRead(Begin, () => Features.Get<ISslStreamFeature>() is { SslStream.IsAuthenticated: false }, () => _receiver.IsAtEnd);
        _running = RunAsync();
    }

    /// <summary>Gives the socket away, on the loop's thread. The server reads nothing any more, and has nothing left to write.</summary>
    /// <param name="taker">Ends when the connection is aborted.</param>
    /// <param name="socket">It.</param>
    /// <param name="arrived">What has been received and not been consumed.</param>
    /// <param name="isEnded">Whether the client sends no more.</param>
    /// <returns>False: the client has gone, and the socket may be closed already: then its number may be another one's by now.</returns>
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

    /// <summary>What happens at the socket is told from now on, as far as somebody waits for it.</summary>
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

    /// <summary>Somebody uses the connection in the server's place, which is not told meanwhile that the client sends no more: it would end it.
    /// Called once a second, on the loop's thread, and when the socket is closed. Set there.</summary>
    public Action? Tending { get; set; }

    public void Tend() => Tending?.Invoke();

    /// <summary>Whether it is over without anybody having been told, since nothing is watched. On the loop's thread.</summary>
    public bool HasFailed() => IsGone || _receiver.HasFailed || _socket.TakeError() != 0;

    /// <summary>Nothing more comes from here (FIN), once the server has written its last. On the loop's thread.</summary>
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

    /// <summary>Tells the server that no more comes. On the loop's thread.</summary>
    public void EndReceiving(Exception? reason)
    {
        if (!_receiver.End(reason))
        {
            return;
        }

        if (_isDisposed || Taker is not null || Tending is not null)
        {
            _toldEnd.TrySetResult(); // nobody is left to be told, or the server ends of its own accord
            return;
        }

        // Not here: whoever waits for this may do anything.
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

        Tending?.Invoke(); // for the last time: whose socket is closed is not tended any more
    }

    private void TellEnd()
    {
        try
        {
            _ended.Cancel();
        }
        catch (AggregateException)
        {
            // Thrown by somebody who was told. The connection ends all the same.
        }

        _toldEnd.TrySetResult();
    }
}
