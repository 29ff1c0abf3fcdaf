using System.Collections.Concurrent;
using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Presence;

/// <summary>Reports who is in topics on this node.</summary>
/// <remarks>
/// <para>Guarantee: the cluster knows within a batch time who is in a topic here, and soon after the leave delay who has gone. If Redis was away, or
/// lost something, everything is reported again.</para>
/// <para>Mechanism: topics tell who comes and goes, which only changes a counter. One loop reports changes together, with one command for each topic
/// that has some. It reports only while this node is surely among those that others would sweep. So it does not report before its first roll
/// (<see cref="PresenceSweeper"/>), nor before the first roll over a new connection, behind which Redis may have lost the last roll. Nor does it
/// report when the last roll is so old that the node may have been swept since.</para>
/// <para>Failure: topics that could not be reported, perhaps because their server of a Redis Cluster is away, go behind all others in the next
/// round.</para>
/// </remarks>
internal sealed partial class PresenceReporter(
    IPresenceStore store, PresenceMetrics metrics, IOptions<PresenceOptions> options, IOptions<NodeOptions> nodes, TimeProvider time, ILogger<PresenceReporter> logger)
    : BackgroundService, IMemberListener, IConnectionListener
{
    /// <summary>How often everything is reported again, so that nothing expires and no error lasts.</summary>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromHours(6);

    /// <summary>How long after a roll a node may report.</summary>
    public static TimeSpan ReportsFor(NodeOptions nodes) => nodes.Lease - nodes.Heartbeat;

    private const int UsersPerReport = 200;
    private const int TopicsAtOnce = 64;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, LocalPresence> _topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<LocalPresence, bool> _changed = new(); // topics with something to report
    private readonly HashSet<string> _added = new(StringComparer.Ordinal); // topics that the store knows this node to report; used by the loop only

    // Holds one wake-up: any number of changes is one round.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private long _rolledAt; // a timestamp; 0: never
    private long _returnedAt; // a timestamp; a roll that was called before it may be lost
    private int _reportAll;

    public void OnCame(Topic topic, string userId)
    {
        if (IsKept(topic))
        {
            Come(topic, userId);
        }
    }

    public void OnWent(Topic topic, string userId)
    {
        if (IsKept(topic))
        {
            Go(topic, userId);
        }
    }

    /// <summary>Keeps who is online as presence in the user's own topic. That topic has no other presence, and clients cannot ask for it.</summary>
    public void OnOpened(string userId) => Come(Topic.User(userId), userId);

    /// <inheritdoc cref="OnOpened"/>
    public void OnClosed(string userId) => Go(Topic.User(userId), userId);

    /// <summary>Whether presence is kept for a topic that clients may ask for.</summary>
    public bool IsKept(Topic topic) => options.Value.Enabled && topic.Kind != TopicKind.User;

    /// <summary>Notes that at this timestamp at the latest, this node was among those that will be swept when they die.</summary>
    public void OnRolled(long at)
    {
        Volatile.Write(ref _rolledAt, at);
        if (!_changed.IsEmpty || Volatile.Read(ref _reportAll) == 1)
        {
            Wake();
        }
    }

    /// <summary>Called when there is a new connection to Redis. Nothing is reported before the next roll.</summary>
    public void OnReturned() => Volatile.Write(ref _returnedAt, time.GetTimestamp());

    /// <summary>Called when what is stored of this node may be wrong.</summary>
    public void ReportAll()
    {
        Interlocked.Exchange(ref _reportAll, 1);
        Wake();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var renewal = time.CreateTimer(_ => ReportAll(), null, RenewEvery, RenewEvery);
        try
        {
            while (await _wakes.Reader.WaitToReadAsync(stoppingToken))
            {
                _wakes.Reader.TryRead(out _);
                await Task.Delay(options.Value.BatchTime, time, stoppingToken);
                if (MayReport() && !await TryReportAsync())
                {
                    await Task.Delay(RetryAfter, time, stoppingToken);
                    Wake();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    // The node's lease, which ends no earlier than this, keeps others from sweeping it.
    private bool MayReport() =>
        Volatile.Read(ref _rolledAt) is not 0 and var rolled && rolled >= Volatile.Read(ref _returnedAt) && time.GetElapsedTime(rolled) < ReportsFor(nodes.Value);

    // A node that hung was perhaps swept. Once it has called the roll, it may report again, but first it has to add its topics again: nobody would sweep
    // what it reports in those that it only believes to be added.
    private bool MayGoOn() => MayReport() && Volatile.Read(ref _reportAll) == 0;

    private async Task<bool> TryReportAsync()
    {
        try
        {
            await ReportAsync();
            if (!_changed.IsEmpty)
            {
                Wake(); // there was too much for one round, or somebody's leave is not due yet
            }

            return true;
        }
        catch (BackplaneUnavailableException)
        {
            return false; // it is logged elsewhere that Redis is away
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
            return false;
        }
    }

    private async Task ReportAsync()
    {
        if (Interlocked.Exchange(ref _reportAll, 0) == 1)
        {
            await BeginAllAsync();
        }

        BackplaneUnavailableException? failure = null;
        foreach (var some in _changed.Keys.OrderBy(static local => local.FailedAt).Chunk(TopicsAtOnce))
        {
            Topic[] isNew = [.. some.Where(local => !_added.Contains(local.Topic.Name)).Select(local => local.Topic)];
            if (isNew.Length > 0)
            {
                await store.AddTopicsAsync(isNew); // first, so that nothing is reported that nobody would sweep
                _added.UnionWith(isNew.Select(topic => topic.Name));
            }

            if (!MayGoOn())
            {
                return; // the connection broke meanwhile, or the process hung; it goes on with the next roll
            }

            var failures = await Task.WhenAll(some.Select(TryReportAsync));
            failure ??= failures.FirstOrDefault(static one => one is not null);
            await EndAsync(some);
            if (!failures.Contains(null))
            {
                break; // Redis is away, or what follows has failed in the last rounds, too
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private async Task<BackplaneUnavailableException?> TryReportAsync(LocalPresence local)
    {
        try
        {
            await ReportAsync(local);
            local.FailedAt = 0;
            return null;
        }
        catch (BackplaneUnavailableException exception)
        {
            local.FailedAt = time.GetTimestamp();
            return exception;
        }
    }

    private async Task ReportAsync(LocalPresence local)
    {
        _changed.TryRemove(local, out _); // before the changes are taken, lest one that comes just now is lost
        var due = local.Take(time.GetTimestamp() - (long)(options.Value.LeaveDelay.TotalSeconds * time.TimestampFrequency), UsersPerReport, out var isAll, out var isMore);
        if (isMore)
        {
            _changed.TryAdd(local, true);
        }

        if (due.Count == 0 && !isAll)
        {
            return;
        }

        try
        {
            await store.ReportAsync(local.Topic, null, due, isAll, MayGoOn);
            local.Confirm(due);
            metrics.Reported(due.Count);
        }
        catch
        {
            local.Fail(due, isAll);
            _changed.TryAdd(local, true);
            throw;
        }
    }

    private async Task EndAsync(IEnumerable<LocalPresence> some)
    {
        LocalPresence[] over = [.. some.Where(local => local.TryEnd())];
        if (over.Length == 0)
        {
            return;
        }

        foreach (var local in over)
        {
            _topics.TryRemove(new(local.Topic.Name, local));
            _added.Remove(local.Topic.Name); // a user who comes from now on adds it again, in a later round
        }

        await store.RemoveTopicsAsync(null, [.. over.Select(local => local.Topic.Name)]);
    }

    // Also takes back reports that this node no longer knows of: a Redis that came back older has them again.
    private async Task BeginAllAsync()
    {
        try
        {
            _added.Clear();
            foreach (var local in _topics.Values)
            {
                local.ReportAll();
                _changed.TryAdd(local, true);
            }

            foreach (var topic in (await store.TopicsOfAsync(null)).Select(Topic.Parse).OfType<Topic>())
            {
                var local = Local(topic); // if nobody is in it, it ends with this report
                local.ReportAll();
                _changed.TryAdd(local, true);
            }
        }
        catch
        {
            Interlocked.Exchange(ref _reportAll, 1);
            throw;
        }
    }

    private LocalPresence Local(Topic topic) => _topics.GetOrAdd(topic.Name, static (_, topic) => new LocalPresence(topic), topic);

    private void Come(Topic topic, string userId)
    {
        LocalPresence local;
        while (!(local = Local(topic)).TryCome(userId))
        {
            _topics.TryRemove(new(topic.Name, local));
        }

        Changed(local);
    }

    private void Go(Topic topic, string userId)
    {
        if (_topics.TryGetValue(topic.Name, out var local))
        {
            local.Go(userId, time.GetTimestamp());
            Changed(local);
        }
    }

    private void Changed(LocalPresence local)
    {
        if (_changed.TryAdd(local, true))
        {
            Wake();
        }
    }

    private void Wake() => _wakes.Writer.TryWrite(true);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "PresenceNotReported", Message = "Presence could not be reported; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
