using Edge.Proxy.Capacity;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Edge.Proxy.Stopping;

/// <summary>Leaves no client behind when this edge stops.</summary>
/// <remarks>
/// <para>First it is no longer ready, and for a moment everything goes on, so that a balancer before it stops sending clients. Then it refuses
/// new connections and tells the nodes. They end the connections that came through it, as they do when they stop themselves: each client is
/// asked to reconnect, in its own protocol, after everything that was sent to it before. Meanwhile the edge carries on all that is open.</para>
/// <para>It is gone within 25 s: <see cref="MostTime"/>, and then the host's own shutdown timeout.</para>
/// </remarks>
internal sealed partial class EdgeDrain(
    StopNotice notice, EdgeCapacity capacity, IOptions<EdgeOptions> options, IHostEnvironment environment, TimeProvider time, ILogger<EdgeDrain> logger)
    : IDrain, IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    // A client that polls does not show between two polls.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _hurry = new();
    private readonly Lock _gate = new(); // guards _run
    private Task? _run;
    private volatile bool _isDraining;
    private volatile bool _refusesNew;

    /// <summary>Whether this edge is about to stop. A balancer before it should send it no more clients.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Whether new clients are refused now. For a moment after the drain has begun, those that come all the same are let in.</summary>
    public bool RefusesNew => _refusesNew;

    public Task RunAsync()
    {
        lock (_gate)
        {
            return _run ??= DrainAsync();
        }
    }

    public void Hurry() => _hurry.Cancel();

    public void Dispose() => _hurry.Dispose();

    /// <summary>Drains if nobody has asked for it before. Runs before the server is stopped.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => RunAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DrainAsync()
    {
        var began = time.GetTimestamp();
        _isDraining = true;
        if (capacity.Carried > 0)
        {
            // A developer who presses Ctrl+C has no balancer.
            await PauseAsync(options.Value.StopDelay ?? (environment.IsDevelopment() ? TimeSpan.Zero : EdgeOptions.DefaultStopDelay));
        }

        _refusesNew = true;
        if (capacity.Carried > 0 && !_hurry.IsCancellationRequested)
        {
            LogDraining(capacity.Carried);
            if (await notice.SendAsync(_hurry.Token))
            {
                await UntilGoneAsync(began);
            }
        }

        if (capacity.Carried is var left and > 0)
        {
            LogLeft(left);
        }
    }

    private async Task UntilGoneAsync(long began)
    {
        var busyAt = time.GetTimestamp();
        while (!_hurry.IsCancellationRequested && time.GetElapsedTime(began) < MostTime && time.GetElapsedTime(busyAt) < Quiet)
        {
            await PauseAsync(Step);
            busyAt = capacity.Carried > 0 ? time.GetTimestamp() : busyAt;
        }
    }

    private async Task PauseAsync(TimeSpan pause) =>
        await Task.Delay(pause, time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(EventName = "Draining", Level = LogLevel.Information, Message = "Stopping: the nodes are asking {Connections} connections to reconnect through another edge")]
    private partial void LogDraining(int connections);

    [LoggerMessage(EventName = "CutOff", Level = LogLevel.Warning, Message = "Stopping: {Connections} connections did not end in time, and are cut off")]
    private partial void LogLeft(int connections);
}
