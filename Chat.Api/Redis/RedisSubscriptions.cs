using System.Diagnostics;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>The channels to which this node listens, over one link that carries only pub/sub. If topics have sharded channels,
/// <see cref="ShardSubscriptions"/> listens to those.</summary>
/// <remarks>The set of wanted channels outlives the link. After every connect all of them are subscribed again, and
/// once the server has confirmed each, the listener is told that it may have missed something.</remarks>
internal sealed class RedisSubscriptions : IRespLinkOwner, IDisposable
{
    private const int ChannelsPerCommand = 256;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _wanted = []; // channels as Latin-1 strings of their bytes; guarded by _gate
    private readonly Dictionary<string, TaskCompletionSource> _unconfirmed = []; // guarded by _gate
    private readonly HashSet<string> _givenUp = []; // channels that the server may still bring, because nothing could be sent to it; guarded by _gate
    private volatile bool _hasGivenUp;
    private readonly RespLink _link;
    private readonly RedisCommands _commands;
    private readonly ChannelListeners _listeners;
    private readonly ShardSubscriptions? _shards; // null: no channel is sharded
    private readonly BackplaneOptions _options;
    private readonly NodeChannels _own;
    private readonly SubscriptionTicks _ticks;
    private readonly BackplaneMetrics _metrics;
    private readonly ILogger _logger;
    private int _toRestore; // confirmations still missing after a connect; touched on the link's thread only
    private volatile bool _restored;

    public RedisSubscriptions(
        RedisCommands commands, RedisKeys keys, string nodeId, IBackplaneListener listener, BackplaneOptions options, BackplaneMetrics metrics, ILogger logger)
    {
        _commands = commands;
        _listeners = new ChannelListeners(keys, listener);
        _shards = keys.AreSharded ? new ShardSubscriptions(commands, keys, nodeId, _listeners, options, metrics, logger) : null;
        _options = options;
        _metrics = metrics;
        _logger = logger;
        _ticks = new SubscriptionTicks(options);
        _own = new NodeChannels(keys, nodeId, _ticks, listener);
        _link = new RespLink(commands.Endpoint, this, RespLinkKind.Subscriber, options.CommandTimeout, options.GatherTime, "redis subscriptions");
    }

    public void Start() => _link.Start();

    /// <summary>Gives a feature the channels of a kind: it hears them in place of the listener. Called before <see cref="Start"/>.</summary>
    /// <param name="kind">What precedes the topic's name.</param>
    /// <param name="heard">Called on the reading thread with the topic's name and the message: must not wait, block or throw.</param>
    /// <param name="restored">Called there as well, as <see cref="IBackplaneListener.OnRestored()"/> is.</param>
    public void Attach(ReadOnlySpan<byte> kind, ChannelListener heard, Action restored) => _listeners.Attach(kind, heard, restored);

    public void Dispose()
    {
        _link.Dispose();
        _shards?.Dispose();
    }

    public bool IsAlive(out string reason)
    {
        if (AreOwnAlive(out reason))
        {
            reason = _shards?.Doubt ?? "";
        }

        return reason.Length == 0;
    }

    /// <summary>The same for the channels that are not sharded, among them those over which this node hears what concerns all topics.</summary>
    public bool AreOwnAlive(out string reason)
    {
        reason = (_restored ? _ticks.Doubt : "Subscriptions are being made.") ?? "";
        return reason.Length == 0;
    }

    /// <summary>Makes links anew whose subscriptions have died silently. Called once a tick.</summary>
    public void Tick()
    {
        _shards?.Tick();
        var server = _commands.InTurn(out var among); // a server that is cut off from the others still brings what is published at itself
        var number = _ticks.Next(among);
        var tick = new CommandBuffer().Command(3).Bulk("PUBLISH"u8).Bulk(_own.Tick).Bulk(number);
        if (!server.TrySend(tick.Span, new TickReply(_ticks, _metrics, number)) || !_link.IsUp)
        {
            return; // nothing can be expected
        }

        lock (_gate)
        {
            _ticks.Asking();
            _link.TrySend(new CommandBuffer().Command(1).Bulk("PING"u8).Span, null);
        }

        if (_ticks.IsDead)
        {
            SubscriptionLog.Silent(_logger, _options.SilenceLimit.TotalSeconds);
            _link.Break();
        }
    }

    /// <summary>Listens to a channel of a topic, which may be sharded.</summary>
    public Task SubscribeToTopicAsync(byte[] channel) => _shards?.SubscribeAsync(channel) ?? SubscribeAsync(channel);

    public void UnsubscribeFromTopic(byte[] channel)
    {
        if (_shards is null)
        {
            Unsubscribe(channel);
        }
        else
        {
            _shards.Unsubscribe(channel);
        }
    }

    /// <summary>Listens to a channel that is not sharded.</summary>
    public Task SubscribeAsync(byte[] channel)
    {
        var name = Encoding.Latin1.GetString(channel);
        lock (_gate)
        {
            var confirmation = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _wanted.Add(name);
            _unconfirmed[name] = confirmation;
            if (!_restored || !_link.TrySend(new CommandBuffer().Command(2).Bulk("SUBSCRIBE"u8).Bulk(channel).Span, null))
            {
                _wanted.Remove(name);
                _unconfirmed.Remove(name);
                return Task.FromException(new BackplaneUnavailableException("Redis is not reachable."));
            }

            return ConfirmedAsync(name, confirmation);
        }
    }

    public void Unsubscribe(byte[] channel)
    {
        lock (_gate)
        {
            var name = Encoding.Latin1.GetString(channel);
            if (_wanted.Remove(name) && !TryUnsubscribe(name))
            {
                // If the link is down, the next one simply doesn't subscribe to it. But a link that is just coming up has already done so.
                _givenUp.Add(name);
                _hasGivenUp = true;
            }
        }
    }

    public void OnUp(RespLink link)
    {
        lock (_gate)
        {
            _givenUp.Clear();
            _ticks.BeginLink(); // an outage's silence does not count for this link
            byte[][] channels = [.. _own.All, .. _wanted.Select(Encoding.Latin1.GetBytes)];
            _toRestore = channels.Length;
            var command = new CommandBuffer();
            foreach (var chunk in channels.Chunk(ChannelsPerCommand))
            {
                command.Clear();
                command.Command(1 + chunk.Length).Bulk("SUBSCRIBE"u8);
                foreach (var channel in chunk)
                {
                    command.Bulk(channel);
                }

                link.TrySend(command.Span, null);
            }
        }
    }

    public void OnDown(RespLink link, string reason, bool isNews)
    {
        TaskCompletionSource[] unconfirmed;
        lock (_gate)
        {
            _restored = false;
            unconfirmed = [.. _unconfirmed.Values];
            foreach (var name in _unconfirmed.Keys)
            {
                _wanted.Remove(name);
            }

            _unconfirmed.Clear();
        }

        foreach (var confirmation in unconfirmed)
        {
            confirmation.TrySetException(new BackplaneUnavailableException("The connection to Redis broke before it confirmed."));
        }

        if (isNews)
        {
            SubscriptionLog.Down(_logger, reason);
        }
    }

    public void OnPush(RespLink link, ref RespReader push)
    {
        _listeners.BeginRound();
        if (push.Kind == '-')
        {
            throw new RespException(push.ReadLine());
        }

        if (push.Kind is not ((byte)'*' or (byte)'>'))
        {
            Answered(); // nothing else is asked; only some servers put this reply into an array
            return;
        }

        push.ReadArray();
        var kind = push.ReadBulk();
        if (kind.SequenceEqual("message"u8))
        {
            var channel = push.ReadBulk();
            var message = push.ReadBulk();
            if (!_own.TryHear(channel, message))
            {
                _listeners.Heard(channel, message);
            }
        }
        else if (kind.SequenceEqual("subscribe"u8))
        {
            Confirmed(push.ReadBulk());
        }
        else if (kind.SequenceEqual("pong"u8))
        {
            Answered();
        }
    }

    public void OnBatchEnd(RespLink link)
    {
        _ticks.Read();
        if (_hasGivenUp && link.IsUp)
        {
            lock (_gate)
            {
                _givenUp.RemoveWhere(name => _wanted.Contains(name) || TryUnsubscribe(name));
                _hasGivenUp = _givenUp.Count > 0;
            }
        }

        _listeners.EndRound();
    }

    private bool TryUnsubscribe(string name) =>
        _link.TrySend(new CommandBuffer().Command(2).Bulk("UNSUBSCRIBE"u8).Bulk(Encoding.Latin1.GetBytes(name)).Span, null);

    private void Answered()
    {
        if (_ticks.Answered() && _toRestore > 0)
        {
            throw new RespException($"{_toRestore} subscriptions are not confirmed, though what Redis was asked after them is answered"); // nor will they be
        }
    }

    private void Confirmed(ReadOnlySpan<byte> channel)
    {
        TaskCompletionSource? confirmation;
        lock (_gate)
        {
            _unconfirmed.Remove(Encoding.Latin1.GetString(channel), out confirmation);
        }

        confirmation?.TrySetResult();
        if (_toRestore > 0 && --_toRestore == 0)
        {
            _ticks.BeginHearing();
            _restored = true;
            _metrics.Rebuilt();
            SubscriptionLog.Restored(_logger);
            _listeners.Restored();
        }
    }

    private async Task ConfirmedAsync(string name, TaskCompletionSource confirmation)
    {
        try
        {
            await confirmation.Task.WaitAsync(_options.CommandTimeout);
        }
        catch (TimeoutException)
        {
            lock (_gate)
            {
                // A confirmation that comes just now must not leave a channel that nobody unsubscribes.
                _wanted.Remove(name);
                _unconfirmed.Remove(name);
            }

            _link.Break(); // what the server now thinks of this channel is unknown; the next link starts clean
            throw new BackplaneUnavailableException("Redis did not confirm a subscription in time.");
        }
    }

    private sealed class TickReply(SubscriptionTicks ticks, BackplaneMetrics metrics, long number) : IRespReply
    {
        private readonly long _sentAt = Stopwatch.GetTimestamp();

        public void Complete(ref RespReader reply)
        {
            if (reply.Kind == ':')
            {
                ticks.Taken(number);
                metrics.RoundTrip(Stopwatch.GetElapsedTime(_sentAt));
            }
        }

        public void Fail()
        {
            // Whether it was published is not known, so it is not waited for.
        }
    }
}
