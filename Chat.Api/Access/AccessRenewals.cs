namespace Chat.Api.Access;

/// <summary>Asks the webhook anew about the topics that open connections are in: in time before its answers end, and when they are said to have
/// changed. Empty if there is no webhook.</summary>
/// <remarks>An answer is renewed once half of its time is over, so that a short outage of the webhook costs nobody anything.</remarks>
internal sealed partial class AccessRenewals(TimeProvider time, ILogger<AccessRenewals> logger) : BackgroundService
{
    private const int AtOnce = 1000; // so many may wait for their turn at the webhook; the others wait here

    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new(); // guards _due
    private readonly PriorityQueue<Renewal, long> _due = new();
    private readonly SemaphoreSlim _some = new(0, 1); // released when _due gets its first entry
    private int _useless; // how many places in _due are skipped: of renewals that have ended, or that come earlier by now
    private int _asking;

    /// <summary>For tests.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _due.Count;
            }
        }
    }

    /// <param name="at">The timestamp from which to ask; <see cref="long.MaxValue"/>: never.</param>
    /// <param name="renewal">What to renew. If it waits here already, until that time or an earlier one, nothing changes: a renewal that comes too
    /// early finds a fresh answer.</param>
    public void Add(long at, Renewal renewal)
    {
        if (at == long.MaxValue)
        {
            return;
        }

        lock (_gate)
        {
            if (renewal.Connection is { IsOver: false } && (renewal.DueAt is not { } due || at < due))
            {
                _useless += renewal.DueAt is null ? 0 : 1; // the later place that it has in the queue
                renewal.DueAt = at;
                _due.Enqueue(renewal, at);
                TidyUp_NeedsLock();
                if (_due.Count == 1 && _some.CurrentCount == 0)
                {
                    _some.Release();
                }
            }
        }
    }

    /// <summary>Called when a connection has ended, or has left topics long ago. Otherwise its renewals would keep the connection and the topics in memory until they are due,
    /// which may take hours.</summary>
    public void Forget(IEnumerable<Renewal> renewals)
    {
        lock (_gate)
        {
            foreach (var renewal in renewals)
            {
                renewal.End();
                _useless += renewal.DueAt is null ? 0 : 1;
            }

            TidyUp_NeedsLock();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await _some.WaitAsync(stoppingToken).ConfigureAwait(false);
            await RenewAllAsync(stoppingToken);
        }
    }

    private bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _due.Count == 0;
            }
        }
    }

    // Runs until none is left, so that no timer runs if there is no webhook.
    private async Task RenewAllAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Round, time);
        while (!IsEmpty && await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            while (Volatile.Read(ref _asking) < AtOnce && TryTake() is { } renewal)
            {
                if (renewal.IsWanted)
                {
                    _ = RenewAsync(renewal);
                }
            }
        }
    }

    private void TidyUp_NeedsLock()
    {
        if (_useless > AtOnce && _useless > _due.Count / 2)
        {
            var others = _due.UnorderedItems.Where(static one => one.Element.Connection is not null && one.Element.DueAt == one.Priority)
                .DistinctBy(static one => one.Element) // one that came earlier, and then late again, may have the same place twice
                .ToArray();
            _due.Clear();
            _due.EnqueueRange(others);
            _useless = 0;
        }
    }

    private Renewal? TryTake()
    {
        lock (_gate)
        {
            while (_due.TryPeek(out var next, out var at) && at <= time.GetTimestamp())
            {
                _due.Dequeue();
                var isItsPlace = next.DueAt == at;
                _useless -= isItsPlace && next.Connection is not null ? 0 : 1;
                if (isItsPlace)
                {
                    next.DueAt = null;
                    return next;
                }
            }

            return null;
        }
    }

    private async Task RenewAsync(Renewal renewal)
    {
        Interlocked.Increment(ref _asking);
        try
        {
            await (renewal.Connection?.RenewAsync(renewal) ?? Task.CompletedTask);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, EventName = "AccessRenewalFailed", Message = "The rights of a connection could not be renewed.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}

/// <summary>An answer about an open connection that is asked for again and again.</summary>
/// <param name="connection">The connection.</param>
/// <param name="topic">The topic; null: whether the user may be connected.</param>
internal sealed class Renewal(ConnectionAccess connection, TopicAccess? topic)
{
    /// <summary>Null once the connection has ended.</summary>
    public ConnectionAccess? Connection { get; private set; } = connection;

    public TopicAccess? Topic { get; private set; } = topic;

    /// <summary>The timestamp until which it waits; null if it does not wait. Guarded by <see cref="AccessRenewals"/>.</summary>
    public long? DueAt { get; set; }

    public bool IsWanted => Connection is { IsOver: false } && Topic?.IsIn != false;

    /// <summary>Releases the connection and the topic.</summary>
    public void End() => (Connection, Topic) = (null, null);
}
