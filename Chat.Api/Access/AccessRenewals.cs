namespace Chat.Api.Access;

/// <summary>Asks the webhook anew, in time, for what open connections are in. Empty where there is no webhook.</summary>
/// <remarks>An answer is renewed from half of its time on, so that a webhook that is away for a moment costs nobody anything.</remarks>
internal sealed partial class AccessRenewals(TimeProvider time, ILogger<AccessRenewals> logger) : BackgroundService
{
    private const int AtOnce = 1000; // each may wait for its turn at the webhook; the others wait here

    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new(); // guards _due
    private readonly PriorityQueue<Renewal, long> _due = new();
    private readonly SemaphoreSlim _some = new(0, 1); // released when there is a first one
    private int _ended; // of those in _due
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

    /// <param name="at">The timestamp from which to ask; the end of time: never.</param>
    /// <param name="renewal">What to renew. If it waits here already, for no longer than that, it does so as before: whoever comes too early
    /// finds a fresh answer.</param>
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
                renewal.DueAt = at;
                _due.Enqueue(renewal, at); // a later place that it has there is passed over
                if (_due.Count == 1 && _some.CurrentCount == 0)
                {
                    _some.Release();
                }
            }
        }
    }

    /// <summary>A connection has ended: what it has here does not keep it until the answers' time comes, which may be hours.</summary>
    public void Forget(IEnumerable<Renewal> renewals)
    {
        lock (_gate)
        {
            foreach (var renewal in renewals)
            {
                renewal.End();
                _ended += renewal.DueAt is null ? 0 : 1;
            }

            if (_ended > AtOnce && _ended > _due.Count / 2)
            {
                var others = _due.UnorderedItems.Where(static one => one.Element.Connection is not null).ToArray();
                _due.Clear();
                _due.EnqueueRange(others);
                _ended = 0;
            }
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

    // Until none is left: where there is no webhook no timer runs.
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

    private Renewal? TryTake()
    {
        lock (_gate)
        {
            while (_due.TryPeek(out var next, out var at) && at <= time.GetTimestamp())
            {
                _due.Dequeue();
                if (next.DueAt == at)
                {
                    next.DueAt = null;
                    _ended -= next.Connection is null ? 1 : 0;
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

/// <summary>An answer of an open connection that is asked for again and again.</summary>
/// <param name="connection">The connection.</param>
/// <param name="topic">The topic; null: whether the user may be connected.</param>
internal sealed class Renewal(ConnectionAccess connection, TopicAccess? topic)
{
    /// <summary>Null: it has ended.</summary>
    public ConnectionAccess? Connection { get; private set; } = connection;

    public TopicAccess? Topic { get; private set; } = topic;

    /// <summary>The timestamp until which it waits; null: it does not. Guarded by <see cref="AccessRenewals"/>.</summary>
    public long? DueAt { get; set; }

    public bool IsWanted => Connection is { IsOver: false } && Topic?.IsIn != false;

    /// <summary>Lets go of all that it is about.</summary>
    public void End() => (Connection, Topic) = (null, null);
}
