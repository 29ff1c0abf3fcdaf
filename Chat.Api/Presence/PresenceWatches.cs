using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Presence;

/// <summary>Tells connections who is in topics: first everybody, then who comes and goes.</summary>
/// <remarks>One loop does all of this, so that a topic with many watchers holds up no thread that reads from Redis or serves clients. If the loop
/// cannot keep up, news is dropped. The next news shows that, and a new list is read.</remarks>
internal sealed partial class PresenceWatches(
    IPresenceStore store, PresenceReporter reporter, PresenceMetrics metrics, IOptions<PresenceOptions> options, TimeProvider time, ILogger<PresenceWatches> logger)
    : BackgroundService
{
    private const int NewsWaiting = 10_000;
    private const int WatchesAtOnce = 64;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1); // how often counts are told, and lists that could not be read are asked for again
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(30); // no later news shows that the last change was lost

    private readonly Lock _gate = new(); // guards _watches and everything in them
    private readonly Dictionary<string, PresenceWatch> _watches = new(StringComparer.Ordinal);
    private readonly HashSet<PresenceWatch> _due = []; // watches that need a list, or have nobody left
    private readonly Channel<(string Topic, PresenceNews News)> _news = Channel.CreateBounded<(string, PresenceNews)>(
        new BoundedChannelOptions(NewsWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly SharedReads<Topic, PresenceNews> _reads = new(topic => store.ReadAsync(topic, options.Value.ListSize));

    private int _isRound; // 1: a round has begun and is yet to be handled

    /// <summary>Whether presence is kept for a topic.</summary>
    public bool Knows(Topic topic) => reporter.IsKept(topic);

    /// <summary>Tells the connection from now on who is in the topic: first everybody.</summary>
    public void Add(Topic topic, Connection connection)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(topic.Name, out var watch))
            {
                _watches[topic.Name] = watch = new PresenceWatch(topic, metrics);
            }

            if (!watch.TryAdd(connection))
            {
                return;
            }

            _due.Add(watch);
        }

        Wake();
    }

    /// <summary>Stops telling the connection. It need not have been told before.</summary>
    public void Remove(Topic topic, Connection connection)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(topic.Name, out var watch))
            {
                watch.Remove(connection);
                if (!watch.IsEmpty)
                {
                    return;
                }

                _due.Add(watch);
            }
        }

        Wake();
    }

    /// <summary>Reads who is in the topic now.</summary>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public Task<PresenceNews> ReadAsync(Topic topic) => _reads.ReadAsync(topic);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        store.Heard = OnHeard;
        store.Restored = OnRestored;
        await using var timer = time.CreateTimer(_ => OnRound(), null, Round, Round);
        var checks = time.GetTimestamp();
        try
        {
            while (await _news.Reader.WaitToReadAsync(stoppingToken))
            {
                var isRound = Interlocked.Exchange(ref _isRound, 0) == 1;
                var isCheck = isRound && time.GetElapsedTime(checks) >= CheckEvery;
                checks = isCheck ? time.GetTimestamp() : checks;
                await TellAsync(isRound, isCheck);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task TellAsync(bool isRound, bool isCheck)
    {
        try
        {
            TellNews();
            if (isRound)
            {
                TellCounts();
            }

            await ListAsync(isCheck);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
        }
    }

    private void OnRound()
    {
        Volatile.Write(ref _isRound, 1);
        Wake();
    }

    private void OnHeard(string topic, PresenceNews news) => _news.Writer.TryWrite((topic, news));

    private void OnRestored()
    {
        reporter.ReportAll();
        lock (_gate)
        {
            foreach (var watch in _watches.Values)
            {
                watch.ListAnew();
                _due.Add(watch);
            }
        }

        Wake();
    }

    private void Wake() => _news.Writer.TryWrite(("", new PresenceNews(0, 0)));

    private void TellNews()
    {
        SendBatch.Begin();
        try
        {
            for (var i = 0; i < NewsWaiting && _news.Reader.TryRead(out var one); i++)
            {
                lock (_gate)
                {
                    if (_watches.TryGetValue(one.Topic, out var watch))
                    {
                        watch.OnNews(one.News);
                        if (watch.NeedsList)
                        {
                            _due.Add(watch);
                        }
                    }
                }
            }
        }
        finally
        {
            SendBatch.End();
        }
    }

    private void TellCounts()
    {
        SendBatch.Begin();
        try
        {
            lock (_gate)
            {
                foreach (var watch in _watches.Values.Where(static watch => watch.HasCount))
                {
                    watch.TellCount();
                }
            }
        }
        finally
        {
            SendBatch.End();
        }
    }

    private async Task ListAsync(bool checksAll)
    {
        PresenceWatch[] due;
        lock (_gate)
        {
            due = checksAll ? [.. _watches.Values] : [.. _due];
        }

        foreach (var some in due.Chunk(WatchesAtOnce))
        {
            await Task.WhenAll(some.Select(SeeToAsync));
        }
    }

    // Runs one at a time for each watch, since changes to a channel's subscription must keep their order.
    private async Task SeeToAsync(PresenceWatch watch)
    {
        try
        {
            if (TryEnd(watch))
            {
                return;
            }

            if (!watch.IsSubscribed)
            {
                await store.WatchAsync(watch.Topic);
                watch.IsSubscribed = true;
            }

            bool isWanted;
            PresenceQuestion question;
            lock (_gate)
            {
                (isWanted, question) = (watch.NeedsList, watch.Ask());
            }

            OnRead(watch, await store.ReadAsync(watch.Topic, isWanted ? options.Value.ListSize : 0), isWanted, question);
        }
        catch (BackplaneUnavailableException exception)
        {
            Log.Delayed(logger, exception.Message); // the next round asks again
        }
    }

    private bool TryEnd(PresenceWatch watch)
    {
        lock (_gate)
        {
            if (!watch.IsEmpty)
            {
                return false;
            }

            _due.Remove(watch);
            if (_watches.Remove(watch.Topic.Name) && watch.IsSubscribed)
            {
                store.Unwatch(watch.Topic);
            }

            return true;
        }
    }

    private void OnRead(PresenceWatch watch, PresenceNews list, bool isWanted, PresenceQuestion question)
    {
        SendBatch.Begin();
        try
        {
            lock (_gate)
            {
                if (isWanted)
                {
                    watch.OnList(list, question);
                }
                else
                {
                    watch.OnVersion(list.Version, question);
                }

                if (!watch.NeedsList)
                {
                    _due.Remove(watch);
                }
                else if (_due.Add(watch))
                {
                    Wake();
                }
            }
        }
        finally
        {
            SendBatch.End();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "PresenceNotRead", Message = "Watchers of a topic wait for its presence: {Reason}")]
        public static partial void Delayed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "PresenceNotTold", Message = "News of presence could not be sent; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
