using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Microsoft.Extensions.Options;

namespace Chat.Api.Presence;

/// <summary>Takes the users of dead nodes out of presence, and notices when others have done so with the users of this node.</summary>
/// <remarks>
/// <para>Guarantee: no user of a dead node stays present for longer than the node's lease, a heartbeat of a survivor and the sweep itself.</para>
/// <para>Mechanism: every node calls the roll at each heartbeat, over each new connection to Redis, and whenever a node leaves. The roll,
/// one script, gives a dead node to one caller. If that caller dies before it has swept the node, the roll gives it to another one a little later.
/// A sweep takes seconds where there are 100,000 topics, or as many users in one. The sweeping node calls the roll beside it, so that no other node
/// sweeps the same one, and its own users are reported. A live node that was given up, because it could not renew its lease, learns that from the roll and reports everything
/// again.</para>
/// <para>Failure: while a server of a Redis Cluster is away, the dead node's users stay in its topics, and in no others. Each sweep tries all topics: a
/// server that does not answer costs one time limit, and from then on, its topics are refused at once. The node is not forgotten before all are
/// swept.</para>
/// </remarks>
internal sealed partial class PresenceSweeper : BackgroundService
{
    /// <summary>For how long a dead node is given to the caller. A caller that needs longer extends this time; one that has died is not waited for long.</summary>
    public static readonly TimeSpan SweepTime = TimeSpan.FromSeconds(1);

    private const int TopicsAtOnce = 64;

    private readonly IPresenceStore _store;
    private readonly PresenceReporter _reporter;
    private readonly PresenceMetrics _metrics;
    private readonly LiveNodes _nodes;
    private readonly NodeSelf _self;
    private readonly PresenceOptions _options;
    private readonly NodeOptions _nodeOptions;
    private readonly TimeProvider _time;
    private readonly ILogger<PresenceSweeper> _logger;

    // Holds one wake-up: any number of reasons to call the roll is one call.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private bool _hasRolled;
    private bool _isAnswered = true; // whether the last roll was answered

    public PresenceSweeper(
        IPresenceStore store, PresenceReporter reporter, PresenceMetrics metrics, LiveNodes nodes, NodeSelf self,
        IOptions<PresenceOptions> options, IOptions<NodeOptions> nodeOptions, TimeProvider time, ILogger<PresenceSweeper> logger)
    {
        _store = store;
        _reporter = reporter;
        _metrics = metrics;
        _nodes = nodes;
        _self = self;
        _options = options.Value;
        _nodeOptions = nodeOptions.Value;
        _time = time;
        _logger = logger;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.Enabled)
        {
            return;
        }

        _nodes.Joined += OnChange; // for this node itself: its clients come as soon as it is registered
        _nodes.Left += OnChange;
        _store.Returned = OnReturned;
        await using var timer = _time.CreateTimer(_ => Wake(), null, TimeSpan.Zero, _nodeOptions.Heartbeat);
        try
        {
            while (await _wakes.Reader.WaitToReadAsync(stoppingToken))
            {
                _wakes.Reader.TryRead(out _);
                // A node that is not in the registry would be taken for dead.
                if (_nodes.Contains(_self.Id))
                {
                    await RollAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }

        _nodes.Joined -= OnChange;
        _nodes.Left -= OnChange;
        _store.Returned = null;
        await LeaveAsync();
    }

    /// <summary>Sweeps all topics of a node, and calls the roll meanwhile. Whatever fails is done again, by the next node to sweep it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="again">Whether the node was swept before. A live node that is taken for dead goes on reporting in the same topics until it learns
    /// of that, and may stop or die before. So its topics are forgotten only now, when no report of it can come any more.</param>
    /// <returns>Whether the node had topics that had not been swept.</returns>
    public async Task<bool> SweepAsync(string node, bool again)
    {
        var sweep = SweepTopicsAsync(node, again);
        while (true)
        {
            await ((Task)sweep).WaitAsync(SweepTime / 4, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (sweep.IsCompleted)
            {
                return await sweep;
            }

            if (_nodes.Contains(_self.Id))
            {
                await TryExtendAsync(node);
            }
        }
    }

    private async Task<bool> SweepTopicsAsync(string node, bool again)
    {
        var names = await _store.TopicsOfAsync(node);
        BackplaneUnavailableException? failure = null;
        foreach (var some in names.Chunk(TopicsAtOnce))
        {
            var failures = await Task.WhenAll(some.Select(name => TrySweepAsync(node, name)));
            string[] swept = [.. some.Where((_, i) => failures[i] is null)];
            if (again && swept.Length > 0)
            {
                await _store.RemoveTopicsAsync(node, swept);
            }

            failure ??= failures.FirstOrDefault(static one => one is not null);
        }

        var had = !again && names.Count > 0;
        if (failure is null || had)
        {
            await _store.SweptAsync(node, had, lookAgain: PresenceReporter.ReportsFor(_nodeOptions)); // the next look makes up for what has failed in this one
        }

        return failure is null ? had : throw failure;
    }

    private async Task<BackplaneUnavailableException?> TrySweepAsync(string node, string name)
    {
        try
        {
            await (Topic.Parse(name) is { } topic ? _store.ReportAsync(topic, node, [], isAll: true) : Task.CompletedTask);
            return null;
        }
        catch (BackplaneUnavailableException exception)
        {
            return exception;
        }
    }

    // If this fails, the sweep goes on: it either fails for the same reason, or needs its time extended a moment later.
    private async Task TryExtendAsync(string sweeping)
    {
        try
        {
            await CallRollAsync(sweeping);
        }
        catch (Exception exception)
        {
            LogFailure(exception);
        }
    }

    private void OnChange(NodeInfo node) => Wake();

    private void OnReturned()
    {
        _reporter.OnReturned();
        Wake();
    }

    private void Wake() => _wakes.Writer.TryWrite(true);

    private async Task RollAsync()
    {
        try
        {
            while (true)
            {
                var roll = await CallRollAsync(sweeping: null);
                if (roll.DeadNode.Length == 0)
                {
                    return;
                }

                if (await SweepAsync(roll.DeadNode, roll.IsLooked))
                {
                    _metrics.Swept();
                    Log.Swept(_logger, roll.DeadNode);
                }
            }
        }
        catch (Exception exception)
        {
            LogFailure(exception);
        }
    }

    private void LogFailure(Exception exception)
    {
        if (exception is BackplaneUnavailableException)
        {
            Log.Delayed(_logger, exception.Message);
        }
        else
        {
            Log.Failed(_logger, exception);
        }
    }

    private async Task<PresenceRoll> CallRollAsync(string? sweeping)
    {
        var asked = _time.GetTimestamp();
        var wasAnswered = _isAnswered;
        _isAnswered = false;
        var roll = await _store.CallRollAsync(sweeping);
        _isAnswered = true;
        if (!roll.IsKnown && _hasRolled)
        {
            Log.WasSwept(_logger);
        }

        // The answer that did not come may have said that this node was not known. Since that call it is known.
        if (!(roll.IsKnown && wasAnswered) && _hasRolled)
        {
            _reporter.ReportAll();
        }

        _hasRolled = true;
        _reporter.OnRolled(asked);
        return roll;
    }

    // The node's users may be on their way to other nodes, so they count as being here until the leave delay is over.
    private async Task LeaveAsync()
    {
        try
        {
            await _store.LeaveAsync(_options.LeaveDelay).WaitAsync(_nodeOptions.Heartbeat, _time);
        }
        catch (Exception exception) when (exception is BackplaneUnavailableException or TimeoutException)
        {
            Log.Delayed(_logger, exception.Message); // the other nodes will find this one dead
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "PresenceSwept", Message = "The users of node {Node}, which is gone, are out of presence.")]
        public static partial void Swept(ILogger logger, string node);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "PresenceWasSwept", Message = "Others took this node for dead, or Redis has lost its presence; reporting all of it again.")]
        public static partial void WasSwept(ILogger logger);

        [LoggerMessage(Level = LogLevel.Debug, EventName = "PresenceDelayed", Message = "Dead nodes stay in presence a little longer: {Reason}")]
        public static partial void Delayed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "PresenceSweepFailed", Message = "A dead node could not be taken out of presence; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
