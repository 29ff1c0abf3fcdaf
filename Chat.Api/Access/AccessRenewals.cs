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
    private int _asking;

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
            if (renewal.DueAt is not { } due || at < due)
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
            await renewal.Connection.RenewAsync(renewal);
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
        [LoggerMessage(Level = LogLevel.Error, EventName = "AccessRenewalFailed", Message = "What a connection may do could not be asked for anew.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}

/// <summary>An answer of an open connection that is asked for again and again.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Topic">A topic that it is in; null: whether it may be connected.</param>
internal sealed record Renewal(ConnectionAccess Connection, TopicAccess? Topic)
{
    /// <summary>The timestamp until which it waits; null: it does not. Guarded by <see cref="AccessRenewals"/>.</summary>
    public long? DueAt { get; set; }

    public bool IsWanted => !Connection.IsOver && Topic?.IsIn != false;
}
