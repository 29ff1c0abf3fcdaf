using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;
using Microsoft.Extensions.Options;

namespace Chat.Api.Events;

/// <summary>Decides which topics' events this node takes out: those of its partitions.</summary>
/// <remarks>
/// <para>Guarantee: each partition has a live node. A partition of a node that died gets another one within the dead node's lease and a heartbeat.
/// Two nodes may have the same partition for a moment. The only harm is that events are told twice: each node takes a queue's events from its
/// beginning, tells them in order, and removes only those that the receiver has accepted.</para>
/// <para>Mechanism: nodes that take events out enter themselves in a list. From it, each node computes who has which partition. A node that comes or
/// goes moves only its own share of partitions (rendezvous hashing).</para>
/// </remarks>
internal sealed partial class EventPartitions : BackgroundService
{
    // A node that is woken by the channel does not need the list, but the channel may lose messages.
    private static readonly TimeSpan ListEvery = TimeSpan.FromSeconds(10);

    private readonly EventQueues _queues;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisKeys _keys;
    private readonly TopicTurns _turns;
    private readonly NodeIdentity _node;
    private readonly NodeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EventPartitions> _logger;
    private readonly Partition[] _partitions = [.. Enumerable.Range(0, EventMarks.Partitions).Select(static number => new Partition(number))];

    // Holds one wake-up.
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private long _beatAt; // the timestamp from which the latest lease surely holds; 0: there is none

    public EventPartitions(
        EventQueues queues, RedisSubscriptions subscriptions, RedisKeys keys, TopicTurns turns, NodeIdentity node, IOptions<NodeOptions> options,
        TimeProvider time, ILogger<EventPartitions> logger)
    {
        _queues = queues;
        _subscriptions = subscriptions;
        _keys = keys;
        _turns = turns;
        _node = node;
        _options = options.Value;
        _time = time;
        _logger = logger;
        subscriptions.Attach(RedisKeys.EventsKind, OnHeard, OnRestored);
    }

    /// <summary>Whether this node serves the topic. It stops when its lease may have ended, since others may serve the topic then.</summary>
    public bool Has(Topic topic) => Has(EventMarks.PartitionOf(topic.Utf8Name.Span));

    /// <summary>True on one node of all, for work that one node is enough for.</summary>
    public bool HasFirst => Has(0);

    /// <summary>Returns which of the given nodes has a partition.</summary>
    public static string OwnerOf(int partition, IEnumerable<string> nodes) => nodes.MaxBy(node => Weight(partition, node), StringComparer.Ordinal)!;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = _time.CreateTimer(_ => Wake(), null, TimeSpan.Zero, _options.Heartbeat);
        try
        {
            await foreach (var _ in _wakes.Reader.ReadAllAsync(stoppingToken))
            {
                await BeatAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }

        await LeaveAsync(); // EventDelivery has stopped before this, and nothing is under way any more
    }

    private async Task LeaveAsync()
    {
        try
        {
            await _queues.BeatAsync(TimeSpan.Zero).WaitAsync(_options.Heartbeat, _time);
        }
        catch (Exception exception) when (exception is BackplaneUnavailableException or TimeoutException)
        {
            Log.Delayed(_logger, exception.Message); // the lease ends by itself
        }
    }

    private static string Weight(int partition, string node) =>
        Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"{partition}/{node}"))));

    private async Task BeatAsync()
    {
        try
        {
            var asked = _time.GetTimestamp();
            var nodes = await _queues.BeatAsync(_options.Lease);
            foreach (var partition in _partitions)
            {
                partition.IsMine = OwnerOf(partition.Number, nodes) == _node.Id;
            }

            if (_time.GetElapsedTime(_beatAt) >= _options.Lease)
            {
                ListAll(); // turns that came up while the lease was over were dropped (Has)
            }

            Volatile.Write(ref _beatAt, asked);
            BackplaneUnavailableException? failure = null;
            foreach (var partition in _partitions)
            {
                await WatchAsync(partition);
                failure = await TryListAsync(partition) ?? failure; // another partition's list may be on another server
            }

            if (failure is not null)
            {
                Log.Delayed(_logger, failure.Message);
            }
        }
        catch (BackplaneUnavailableException exception)
        {
            Log.Delayed(_logger, exception.Message);
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, exception);
        }
    }

    private async Task WatchAsync(Partition partition)
    {
        if (!partition.IsMine)
        {
            if (partition.IsWatched)
            {
                _subscriptions.Unsubscribe(_keys.EventsChannel(partition.Number));
                partition.IsWatched = false;
            }

            return;
        }

        if (!partition.IsWatched)
        {
            await _subscriptions.SubscribeAsync(_keys.EventsChannel(partition.Number));
            (partition.IsWatched, partition.IsListDue) = (true, true); // in this order: news that comes during the listing is heard
        }
    }

    private async Task<BackplaneUnavailableException?> TryListAsync(Partition partition)
    {
        if (!partition.IsMine || !(partition.IsListDue || _time.GetElapsedTime(partition.ListedAt) >= ListEvery))
        {
            return null;
        }

        partition.IsListDue = false; // before the read, which finds everything missed until now
        try
        {
            foreach (var marked in await _queues.ListAsync(partition.Number))
            {
                _turns.Hear(marked.Topic, marked);
            }

            partition.ListedAt = _time.GetTimestamp();
            return null;
        }
        catch (BackplaneUnavailableException exception)
        {
            partition.IsListDue = true;
            return exception;
        }
        catch
        {
            partition.IsListDue = true;
            throw;
        }
    }

    private bool Has(int partition) =>
        _partitions[partition].IsMine && Volatile.Read(ref _beatAt) is not 0 and var at && _time.GetElapsedTime(at) < _options.Lease;

    private void OnHeard(ReadOnlySpan<byte> partition, ReadOnlySpan<byte> channel)
    {
        if (Topic.Parse(Encoding.UTF8.GetString(_keys.TopicOf(channel))) is { } topic)
        {
            _turns.Hear(topic);
        }
    }

    private void OnRestored()
    {
        ListAll();
        Wake();
    }

    private void ListAll() => Array.ForEach(_partitions, static partition => partition.IsListDue = true);

    private void Wake() => _wakes.Writer.TryWrite(true);

    private sealed class Partition(int number)
    {
        public int Number => number;

        public volatile bool IsMine;

        public volatile bool IsListDue;

        public bool IsWatched { get; set; }

        public long ListedAt { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "EventsDelayed", Message = "Events wait a little longer: {Reason}")]
        public static partial void Delayed(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "EventPartitionsFailed", Message = "Topics with events could not be looked for; retrying.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
