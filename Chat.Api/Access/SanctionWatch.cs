using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Access;

/// <summary>Makes bans and mutes hold on this node's open connections: hears of changes, looks for changes that it did not hear of, and ends
/// sanctions that have run out.</summary>
/// <remarks>Guarantee: a change that is heard takes effect at once. Any other change takes effect within <see cref="AccessOptions.CheckInterval"/>,
/// plus two answers of Redis and the work for other users before this one in a round. Changes made while the node was cut off from Redis take effect
/// before topics catch up with what was written meanwhile. One loop does all of this, so that changes of a user keep their order.</remarks>
internal sealed partial class SanctionWatch(
    AccessTable table, RedisSanctions sanctions, IOptions<AccessOptions> options, TimeProvider time, ILogger<SanctionWatch> logger)
    : BackgroundService, IReturnListener
{
    private const int NewsWaiting = 10_000; // news beyond that is found by looking
    private const int LooksAtOnce = 64;
    private const string Nobody = ""; // only wakes the loop

    // Messages can be readable when sanctions are not: on a Redis Cluster they lie on different servers.
    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(2);

    private readonly Channel<string> _heard = Channel.CreateBounded<string>(
        new BoundedChannelOptions(NewsWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly HashSet<string> _due = []; // users to be looked at
    private bool _listens;
    private long _since = -1; // the last change that was seen; -1: none yet
    private long _lookedAt;
    private TaskCompletionSource? _returned; // to be completed by a round that begins after it was set

    public Task OnReturned()
    {
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _returned, returned)?.TrySetResult(); // code that waits for that one then waits for this one
        _heard.Writer.TryWrite(Nobody);
        return ReturnedAsync();

        async Task ReturnedAsync() => await returned.Task.WaitAsync(LongestReturn, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        sanctions.Heard = OnHeard;
        using var timer = new PeriodicTimer(options.Value.CheckInterval, time);
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var heard = _heard.Reader.WaitToReadAsync(stoppingToken).AsTask();
        while (true)
        {
            await Task.WhenAny(tick, heard).ConfigureAwait(false);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            var isTick = tick.IsCompleted;
            tick = isTick ? timer.WaitForNextTickAsync(stoppingToken).AsTask() : tick;
            try
            {
                await RoundAsync(isTick);
            }
            catch (BackplaneUnavailableException exception)
            {
                Log.Delayed(logger, exception.Message); // the next round goes on
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
            }

            heard = heard.IsCompleted ? _heard.Reader.WaitToReadAsync(stoppingToken).AsTask() : heard;
        }
    }

    private void OnHeard(string userId) => _heard.Writer.TryWrite(userId);

    private async Task RoundAsync(bool isTick)
    {
        var returned = Volatile.Read(ref _returned);
        while (_heard.Reader.TryRead(out var user))
        {
            _due.Add(user);
        }

        if (isTick || returned is not null)
        {
            foreach (var user in table.Sanctioned().Where(static user => user.Sanctions.HasEnded))
            {
                user.EndSanctions();
            }

            await FindChangesAsync();
        }

        foreach (var some in _due.ToList().Chunk(LooksAtOnce))
        {
            await Task.WhenAll(some.Select(LookAsync));
            _due.ExceptWith(some); // after a failure, all of these are looked at once more
        }

        if (returned is not null)
        {
            returned.TrySetResult();
            Interlocked.CompareExchange(ref _returned, null, returned);
        }

        // Subscribes last, because changes found by looking take effect without it.
        if (!_listens)
        {
            await sanctions.ListenAsync();
            _listens = true;
        }
    }

    private async Task FindChangesAsync()
    {
        var isNew = _since < 0 || time.GetElapsedTime(_lookedAt) > RedisSanctions.ChangeAge / 2;
        SanctionChanges changes;
        do
        {
            var asked = time.GetTimestamp();
            changes = await sanctions.ChangesAsync(isNew ? -1 : _since);
            if (isNew || changes.UpTo < _since)
            {
                table.ForgetAll(); // the first look, a look after too long, or Redis has lost its data
                _due.UnionWith(table.Users.Select(user => user.UserId));
            }

            _due.UnionWith(changes.Users);
            (_since, _lookedAt, isNew) = (changes.UpTo, asked, false);
        }
        while (!changes.IsAll);
    }

    private async Task LookAsync(string userId)
    {
        // Also forgets answers about users who are not connected: they may come back before an answer's time is over. Connections that come from now
        // on ask anew, and those that came before are found here.
        table.Forget(userId);
        if (table.Find(userId) is { } user)
        {
            await user.LookAsync();
            table.AskAgain(user);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "SanctionsDelayed", Message = "Bans and mutes could not be looked up: {Reason} Retrying.")]
        public static partial void Delayed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "SanctionsFailed", Message = "Bans and mutes could not be applied; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
