using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>A client of a <see cref="SignalNode"/>, down to the bytes: what it is sent is read from the pipe of its transport.</summary>
internal sealed class SignalClient : IInvocationBinder, IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10); // only a failing test waits this long

    private readonly DefaultConnectionContext _connection;
    private readonly Pipe _toClient;
    private readonly IHubProtocol _protocol;
    private readonly HubLifetimeManager<SignalHub> _hub;

    /// <param name="hub">The node.</param>
    /// <param name="protocol">What it speaks.</param>
    /// <param name="user">Who it is.</param>
    /// <param name="room">Bytes that the transport takes while the client reads nothing.</param>
    public SignalClient(HubLifetimeManager<SignalHub> hub, IHubProtocol protocol, string? user, int room = 1024 * 1024)
    {
        _hub = hub;
        _protocol = protocol;
        _toClient = new Pipe(new PipeOptions(pauseWriterThreshold: room, resumeWriterThreshold: room / 2, useSynchronizationContext: false));
        var toServer = new Pipe();
        _connection = new DefaultConnectionContext(Guid.NewGuid().ToString("N"), new Ends(toServer.Reader, _toClient.Writer), new Ends(_toClient.Reader, toServer.Writer));
        Context = new HubConnectionContext(_connection, new HubConnectionContextOptions(), NullLoggerFactory.Instance)
        {
            Protocol = protocol,
            UserIdentifier = user,
        };
    }

    public HubConnectionContext Context { get; }

    public string Id => Context.ConnectionId;

    /// <summary>Ends after <see cref="HubConnectionContext.Abort"/>.</summary>
    public async Task AbortedAsync()
    {
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = Context.ConnectionAborted.Register(aborted.SetResult);
        await aborted.Task.WaitAsync(Deadline);
    }

    public Task ConnectAsync() => _hub.OnConnectedAsync(Context);

    public Task DisconnectAsync() => _hub.OnDisconnectedAsync(Context);

    /// <summary>The next call that is sent to it.</summary>
    public async Task<InvocationMessage> NextCallAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            var result = await _toClient.Reader.ReadAsync(deadline.Token);
            var buffer = result.Buffer;
            if (_protocol.TryParseMessage(ref buffer, this, out var message))
            {
                _toClient.Reader.AdvanceTo(buffer.Start);
                return (InvocationMessage)message!;
            }

            Assert.False(result.IsCompleted, "The connection has ended.");
            _toClient.Reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>The next call as text: <c>method(argument)</c>.</summary>
    public async Task<string> NextAsync()
    {
        var call = await NextCallAsync();
        return $"{call.Target}({string.Join(", ", call.Arguments)})";
    }

    /// <summary>Gives the result of a call, through its protocol, as SignalR does when one arrives.</summary>
    public Task AnswerAsync(InvocationMessage call, object? result = null, string? error = null)
    {
        var completion = error is null ? CompletionMessage.WithResult(call.InvocationId!, result) : CompletionMessage.WithError(call.InvocationId!, error);
        var bytes = new System.Buffers.ReadOnlySequence<byte>(_protocol.GetMessageBytes(completion));
        Assert.True(_protocol.TryParseMessage(ref bytes, this, out var read));
        return _hub.SetConnectionResultAsync(Id, (CompletionMessage)read!);
    }

    public async ValueTask DisposeAsync()
    {
        Context.Abort();
        await DisconnectAsync();
    }

    Type IInvocationBinder.GetReturnType(string invocationId) =>
        _hub.TryGetReturnType(invocationId, out var type) ? type : throw new InvalidOperationException("Nobody asked for it.");

    IReadOnlyList<Type> IInvocationBinder.GetParameterTypes(string methodName) => [typeof(string)];

    Type IInvocationBinder.GetStreamItemType(string streamId) => throw new NotSupportedException();

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
