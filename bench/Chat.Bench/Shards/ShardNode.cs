using System.Diagnostics;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Bench.Shards;

/// <summary>The backplane of one node with nothing above it. It publishes on a schedule and counts the messages it receives.</summary>
internal sealed class ShardNode : IBackplaneListener, IPublishOutcome, IDisposable
{
    private static readonly byte[] Text = [.. Enumerable.Repeat((byte)'x', 100)];

    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisBackplane _backplane;
    private readonly BackplaneOptions _options;
    private readonly Timer _ticks;
    private long _sent;
    private long _published;
    private long _failed;
    private long _heard;

    public ShardNode(string redis, PubSubKind pubSub)
    {
        var keys = new RedisKeys("", pubSub);
        var endpoint = RedisEndpoint.Parse(redis) with { ShardedChannel = keys.AreSharded ? keys.ProbeChannel : null };
        var node = new NodeIdentity(TimeProvider.System);
        var metrics = new BackplaneMetrics(NoMeters.Instance);
        _options = new BackplaneOptions { PubSub = pubSub, TopicMessagesPerSecond = 0, TopicBytesPerSecond = 0 };
        _commands = new RedisCommands(endpoint, _options, keys, RedisBackplane.Scripts, static () => { }, NullLogger.Instance);
        _subscriptions = new RedisSubscriptions(_commands, keys, node.Id, this, _options, metrics, NullLogger.Instance);
        _backplane = new RedisBackplane(_commands, _subscriptions, keys, _options, node, TimeProvider.System, metrics);
        _ticks = new Timer(_ => Tick());
    }

    public long Published => Interlocked.Read(ref _published);

    public long Failed => Interlocked.Read(ref _failed);

    public long Heard => Interlocked.Read(ref _heard);

    public long UnderWay => Interlocked.Read(ref _sent) - Published - Failed;

    public IEnumerable<Topic> Held => [];

    /// <summary>Returns when it has subscribed to these topics.</summary>
    public async Task StartAsync(IReadOnlyList<Topic> topics)
    {
        _commands.Start();
        _subscriptions.Start();
        _ticks.Change(TimeSpan.Zero, _options.TickInterval);
        await Eventually.TrueAsync(() => _backplane.IsReady(out _));
        foreach (var some in topics.Chunk(200))
        {
            await Task.WhenAll(some.Select(_backplane.SubscribeAsync));
        }
    }

    /// <summary>Publishes to the topics in turn at this many messages a second. At a rate of 0 it keeps a fixed number of messages under way.</summary>
    public void Publish(IReadOnlyList<Topic> topics, double rate, CancellationToken end)
    {
        const int Window = 500;
        var began = Stopwatch.GetTimestamp();
        for (var next = 0L; !end.IsCancellationRequested; Thread.Sleep(1))
        {
            var due = rate > 0 ? (long)(Stopwatch.GetElapsedTime(began).TotalSeconds * rate) : next + Window - UnderWay;
            for (; next < due; next++)
            {
                Interlocked.Increment(ref _sent);
                var topic = topics[(int)(next % topics.Count)];
                _backplane.Publish(new Publication { Kind = topic.Kind, Topic = topic.Utf8Name.Span, From = "bench"u8, Msg = Text }, this);
            }
        }
    }

    public void Dispose()
    {
        _ticks.Dispose();
        _subscriptions.Dispose();
        _commands.Dispose();
    }

    void IPublishOutcome.Published(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset, bool fromClient) => Interlocked.Increment(ref _published);

    void IPublishOutcome.NotPublished(ReadOnlySpan<byte> id, bool fromClient) => Interlocked.Increment(ref _failed);

    void IBackplaneListener.OnEnvelope(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> envelope) => Interlocked.Increment(ref _heard);

    void IBackplaneListener.OnRemoval(ReadOnlySpan<byte> envelope)
    {
        // There are no removals, and nothing in the following methods matters here.
    }

    void IBackplaneListener.OnHead(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> epoch, long offset)
    {
    }

    void IBackplaneListener.OnJoined(GroupJoin join)
    {
    }

    void IBackplaneListener.OnRemovalConfirmed(string id, string node)
    {
    }

    void IBackplaneListener.OnLifeBroken(string life)
    {
    }

    void IBackplaneListener.OnRestored()
    {
    }

    void IBackplaneListener.OnRestored(ReadOnlySpan<byte> topic)
    {
    }

    void IBackplaneListener.OnRoundEnd()
    {
    }

    void IBackplaneListener.OnBatchEnd()
    {
    }

    // The regular work that a node's host does for the backplane.
    private void Tick()
    {
        _commands.LookAfterLinks();
        _subscriptions.Tick();
        _backplane.Sweep();
        _backplane.TellHeads();
    }
}
