using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Chat.Tests.Support;

/// <summary>A connection as SignalR's .NET client sees it: a pair of pipes, and behind them one of the transports.</summary>
/// <remarks>The transports that Microsoft's client brings are in a package that a sparse feed lacks; these do the same, no more.</remarks>
internal abstract class HubLink : ConnectionContext
{
    private static readonly PipeOptions Unbounded = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;

    protected HubLink()
    {
        var incoming = new Pipe(Unbounded);
        var outgoing = new Pipe(Unbounded);
        Transport = new Duplex(incoming.Reader, outgoing.Writer);
        Received = incoming.Writer;
        ToSend = outgoing.Reader;
    }

    public override string ConnectionId { get; set; } = "";

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    /// <summary>The id in <c>X-Node</c> when it connected.</summary>
    public string Node { get; protected set; } = "";

    protected PipeWriter Received { get; }

    protected PipeReader ToSend { get; }

    protected CancellationToken Ending => _ending.Token;

    /// <summary>Ends the connection as a crash does.</summary>
    public override void Abort(ConnectionAbortedException abortReason) => _ending.Cancel();

    public override async ValueTask DisposeAsync()
    {
        await Transport.Output.CompleteAsync();
        await Transport.Input.CompleteAsync();
        await StopAsync();
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>Begins to receive and to send, until either ends.</summary>
    protected void Start() => _running = RunAsync();

    /// <summary>Writes what comes to <see cref="Received"/>; returns when the server has ended it.</summary>
    protected abstract Task ReceiveAsync();

    /// <summary>Sends what comes from <see cref="ToSend"/>; returns when that has ended.</summary>
    protected abstract Task SendAsync();

    /// <summary>Says goodbye, if the transport has a way to.</summary>
    protected virtual Task StopAsync() => Task.CompletedTask;

    private async Task RunAsync()
    {
        var receiving = ReceiveAsync();
        var sending = SendAsync();
        var first = await Task.WhenAny(receiving, sending);
        if (first == receiving || first.IsFaulted)
        {
            await _ending.CancelAsync();
        }

        Exception? failure = null;
        try
        {
            await Task.WhenAll(receiving, sending);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The other half was told to stop.
        }
        catch (Exception exception)
        {
            failure = exception; // the client's reader gets it, as from Microsoft's transports
        }

        failure = receiving.Exception?.InnerException ?? failure;
        await Received.CompleteAsync(failure);
        await ToSend.CompleteAsync();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
