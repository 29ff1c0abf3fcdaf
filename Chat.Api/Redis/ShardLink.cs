using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>The subscriber link to one server that owns slots. It carries only sharded pub/sub. Its ticks
/// (<see cref="SubscriptionTicks"/>) are its own, over a channel in a slot of that server.</summary>
internal sealed class ShardLink : IRespLinkOwner, IDisposable
{
    private const int MostTags = 200_000; // by then, a slot of the server among the 16,384 is found, all but certainly
    private const int MovesPerTick = 5;

    private readonly ShardSubscriptions _subscriptions;
    private readonly RedisCommands _commands;
    private readonly RedisKeys _keys;
    private readonly string _nodeId;
    private readonly ChannelListeners _listeners;
    private readonly ILogger _logger;
    private readonly TimeSpan _silenceLimit;
    private readonly RespLink _link;
    private readonly SubscriptionTicks _ticks;
    private readonly List<IReadOnlyCollection<byte[]>> _givenUp = []; // by slot; guarded by the lock of ShardSubscriptions
    private readonly Lock _gate = new(); // guards what follows, and keeps the ticks' questions in order
    private Tick? _tick; // null: the server has no slot, as far as is known
    private int _tickMoves; // since the last tick
    private bool _isOpening;

    public ShardLink(
        RespLink server, ShardSubscriptions subscriptions, RedisCommands commands, RedisKeys keys, string nodeId, ChannelListeners listeners, BackplaneOptions options, ILogger logger)
    {
        Server = server;
        _subscriptions = subscriptions;
        _commands = commands;
        _keys = keys;
        _nodeId = nodeId;
        _listeners = listeners;
        _logger = logger;
        _silenceLimit = options.SilenceLimit;
        _ticks = new SubscriptionTicks(options);
        _link = new RespLink(server.Endpoint, this, RespLinkKind.Subscriber, options.CommandTimeout, options.GatherTime, "redis shard");
    }

    /// <summary>The link for commands to the same server.</summary>
    public RespLink Server { get; }

    /// <summary>Whether the link was up, or could not be made, and is not up now. A link that connects for the first time is waited for.</summary>
    public bool IsDown { get; private set; }

    /// <summary>Whether channels are listened to over it; maintained by <see cref="ShardSubscriptions"/>.</summary>
    public bool IsNeeded { get; set; }

    public string? Doubt => !IsNeeded ? null : IsDown ? "Subscriptions are being made." : _ticks.Doubt;

    public void Start() => _link.Start();

    public void Break() => _link.Break();

    public void Dispose() => _link.Dispose();

    /// <param name="channels">Channels that are all in one slot.</param>
    public bool TrySubscribe(IReadOnlyCollection<byte[]> channels) => TrySend("SSUBSCRIBE"u8, channels);

    /// <summary>Gives channels up that are all in one slot, now or, if the link is just coming up, as soon as it is open. If it is down, the next one
    /// simply doesn't subscribe to them. Called under the lock of <see cref="ShardSubscriptions"/>, as are the following two methods.</summary>
    public void Unsubscribe(IReadOnlyCollection<byte[]> channels)
    {
        if (!TrySend("SUNSUBSCRIBE"u8, channels))
        {
            _givenUp.Add(channels);
        }
    }

    /// <summary>The server knows of no channels any more.</summary>
    public void BeginAnew() => _givenUp.Clear();

    /// <summary>The link is open: gives up what has been given up meanwhile.</summary>
    public void EndGivenUp()
    {
        _givenUp.ForEach(channels => TrySend("SUNSUBSCRIBE"u8, channels));
        _givenUp.Clear();
    }

    /// <summary>Makes the link anew if its subscriptions have died silently. Called once a tick.</summary>
    public void OnTick()
    {
        if (!_link.IsUp)
        {
            return;
        }

        lock (_gate)
        {
            _tickMoves = 0;
            if (_tick is null || _commands.OwnerOf(_tick.Slot) != Server)
            {
                ChooseTick_NeedsLock();
            }

            if (_tick is { IsHeard: true } && !_commands.TrySend(new TickCommand(_keys, _tick.Channel, _ticks), _tick.Tag))
            {
                return; // nothing can be expected
            }

            _ticks.Asking();
            _link.TrySend(new CommandBuffer().Command(1).Bulk("PING"u8).Span, null);
        }

        if (_ticks.IsDead)
        {
            SubscriptionLog.Silent(_logger, _silenceLimit.TotalSeconds);
            _link.Break();
        }
    }

    public void OnUp(RespLink link)
    {
        lock (_gate)
        {
            _ticks.BeginLink(); // an outage's silence does not count for this link
            ChooseTick_NeedsLock();
        }

        IsDown = false;
        _isOpening = true;
        _subscriptions.OnUp(this);
    }

    public void OnDown(RespLink link, string reason, bool isNews)
    {
        IsDown = true;
        _subscriptions.OnDown(this, reason, isNews);
    }

    public void OnPush(RespLink link, ref RespReader push)
    {
        _listeners.BeginRound();
        if (push.Kind == '-')
        {
            OnError(push.ReadLine());
            return;
        }

        if (push.Kind is not ((byte)'*' or (byte)'>'))
        {
            _ticks.Answered(); // nothing else is asked; without subscriptions, this reply does not come in an array
            return;
        }

        push.ReadArray();
        var kind = push.ReadBulk();
        if (kind.SequenceEqual("smessage"u8))
        {
            var channel = push.ReadBulk();
            var message = push.ReadBulk();
            if (IsTick(channel))
            {
                _ticks.Heard(message);
            }
            else
            {
                _listeners.Heard(channel, message);
            }
        }
        else if (kind.SequenceEqual("ssubscribe"u8))
        {
            OnSubscribed(push.ReadBulk());
        }
        else if (kind.SequenceEqual("sunsubscribe"u8))
        {
            OnUnsubscribed(push.ReadBulk());
        }
        else if (kind.SequenceEqual("pong"u8))
        {
            _ticks.Answered();
        }
    }

    public void OnBatchEnd(RespLink link)
    {
        _ticks.Read();
        if (_isOpening && link.IsUp)
        {
            _isOpening = false;
            _subscriptions.OnOpen(this);
        }

        _listeners.EndRound();
    }

    private bool TrySend(ReadOnlySpan<byte> name, IReadOnlyCollection<byte[]> channels)
    {
        var command = new CommandBuffer().Command(1 + channels.Count).Bulk(name);
        foreach (var channel in channels)
        {
            command.Bulk(channel);
        }

        return _link.TrySend(command.Span, null);
    }

    private bool IsTick(ReadOnlySpan<byte> channel) => Volatile.Read(ref _tick) is { } tick && channel.SequenceEqual(tick.Channel);

    private void OnSubscribed(ReadOnlySpan<byte> channel)
    {
        if (!IsTick(channel))
        {
            _subscriptions.OnSubscribed(this, channel);
            return;
        }

        lock (_gate)
        {
            if (_tick is { IsHeard: false })
            {
                _tick.IsHeard = true;
                _ticks.BeginHearing(); // no ticks are expected any more that went over another channel before
            }
        }
    }

    // Either the node asked for this, or the server no longer owns the slot.
    private void OnUnsubscribed(ReadOnlySpan<byte> channel)
    {
        if (!IsTick(channel))
        {
            _subscriptions.OnUnsubscribed(this, channel);
            return;
        }

        lock (_gate)
        {
            if (_tick is { } tick && channel.SequenceEqual(tick.Channel)) // else the ticks' thread has just chosen another
            {
                tick.IsHeard = false;
                TrySubscribe([tick.Channel]); // the answer tells where the slot is
            }
        }
    }

    private void OnError(string error)
    {
        var moved = _commands.Learn(error);
        _commands.Disowned(Server, error);
        lock (_gate)
        {
            if (_tick is { IsHeard: false } && (moved < 0 || moved == _tick.Slot))
            {
                _tick = null;
                if (moved >= 0 && ++_tickMoves <= MovesPerTick)
                {
                    ChooseTick_NeedsLock();
                }
            }
        }

        _subscriptions.OnRefused(this, error, moved);
    }

    private void ChooseTick_NeedsLock()
    {
        Volatile.Write(ref _tick, null);
        for (var i = 0; i < MostTags; i++)
        {
            var tag = Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture));
            var slot = RedisSlot.Of(tag);
            if (_commands.OwnerOf(slot) == Server)
            {
                var channel = _keys.TickChannel(_nodeId, tag);
                Volatile.Write(ref _tick, TrySubscribe([channel]) ? new Tick(tag, slot, channel) : null);
                return;
            }
        }
    }

    /// <summary>The channel on which the node publishes to itself.</summary>
    private sealed class Tick(byte[] tag, int slot, byte[] channel)
    {
        public byte[] Tag => tag;

        public int Slot => slot;

        public byte[] Channel => channel;

        public bool IsHeard { get; set; }
    }

    private sealed class TickCommand : RedisCommand
    {
        private readonly SubscriptionTicks _ticks;
        private readonly long _number;

        public TickCommand(RedisKeys keys, byte[] channel, SubscriptionTicks ticks)
        {
            (_ticks, _number) = (ticks, ticks.Next());
            Buffer.Command(3).Bulk(keys.PublishCommand).Bulk(channel).Bulk(_number);
        }

        protected override void OnReply(ref RespReader reply) => _ticks.Taken(_number);

        protected override void OnFailed(string reason)
        {
            // Whether it was published is not known, so it is not waited for.
        }
    }
}
