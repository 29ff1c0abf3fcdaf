using System.Threading.Channels;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;
using StackExchange.Redis;

namespace Chat.Api.Nodes;

/// <summary>
/// Keeps this node in the registry from the moment it listens until it has stopped, and its view of the others fresh.
/// One loop, woken by a timer, by announcements and by the host's stopping.
/// </summary>
internal sealed partial class NodeHeartbeat(
    NodeRegistry registry,
    LiveNodes live,
    NodeSelf self,
    NodeDrain drain,
    StoppedEdges edges,
    OwnAddress address,
    IHostApplicationLifetime lifetime,
    IOptions<NodeOptions> options,
    TimeProvider time,
    ILogger<NodeHeartbeat> logger) : BackgroundService
{
    // Holds one wake-up: any number of reasons to beat is one beat.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // The lease ends by itself, so that leaving is not worth a longer stop.
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(2);

    private NodeAddress? _address; // not null: the node also listens to announcements
    private bool _announcedDraining;
    private bool? _redisAnswers;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await StartedAsync(stoppingToken))
        {
            drain.MarkAnnounced();
            return;
        }

        address.Demand();

        // Subscribes first: clients must not be told to reconnect while the edge still sends them here.
        drain.Begun += Wake;
        using var stopping = lifetime.ApplicationStopping.Register(drain.Begin);
        await using var timer = time.CreateTimer(_ => Wake(), null, TimeSpan.Zero, options.Value.Heartbeat);
        try
        {
            await foreach (var _ in _wakes.Reader.ReadAllAsync(stoppingToken))
            {
                // A stop does not wait for a frozen Redis. A beat under way was sent before the leave, so Redis handles it first.
                await BeatAsync().WaitAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }

        await LeaveAsync();
    }

    /// <summary>True once the server listens; false when the host stops before that.</summary>
    private async Task<bool> StartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var onStarted = lifetime.ApplicationStarted.Register(started.SetResult);
        using var onStopping = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        await ((Task)started.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return started.Task.IsCompletedSuccessfully;
    }

    private void Wake() => _wakes.Writer.TryWrite(true);

    private void OnAnnounced(string id)
    {
        if (EdgeStop.TryParse(id, out var edge))
        {
            edges.TryAdd(edge);
            return;
        }

        live.Announce(id);
        Wake();
    }

    private async Task BeatAsync()
    {
        var leaving = drain.IsDraining;
        try
        {
            if (_address is null)
            {
                await registry.ListenAsync(OnAnnounced);
                _address = await address.FindAsync();
                self.Address = _address.Url;
            }

            var me = self.Describe();
            leaving = me.State == NodeState.Draining;
            await UpdateAsync(me, announce: leaving && !_announcedDraining);
            _announcedDraining = leaving;
            if (_redisAnswers != true)
            {
                _redisAnswers = true;
                LogRegistered(me.Id, me.Address, _address.Origin);
            }
        }
        catch (Exception exception)
        {
            // Catches everything, because a node that stops beating is dead to the cluster. The lease outlives a few failures. If it does not, the
            // next beat registers the node again.
            if (_redisAnswers != false)
            {
                _redisAnswers = false;
                LogRegistryAway(self.Id, Reason(exception));
            }
        }

        if (leaving)
        {
            drain.MarkAnnounced();
        }
    }

    private async Task UpdateAsync(NodeInfo me, bool announce)
    {
        var announced = live.TakeAnnounced();
        try
        {
            live.Update(await registry.BeatAsync(me, announce), announced);
        }
        catch
        {
            Array.ForEach(announced, live.Announce); // again, for the next beat
            throw;
        }
    }

    private async Task LeaveAsync()
    {
        try
        {
            await registry.LeaveAsync(self.Id).WaitAsync(LeaveTime, time);
            LogLeft(self.Id);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // The lease ends by itself.
            LogRegistryAway(self.Id, Reason(exception));
        }
    }

    // The client library appends a screenful of its state.
    private static string Reason(Exception exception) => exception.Message.Split(';')[0];
}
