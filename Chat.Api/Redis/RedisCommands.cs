using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>Sends commands to the server that owns their keys: the configured one, or its peers in a Redis Cluster.</summary>
/// <remarks>Nothing is configured for a cluster: CLUSTER SLOTS, asked on every connect, tells whether it is one and
/// whose each slot is; MOVED answers keep that right, and it is asked again while a server that owned slots is away.
/// Links to further servers are opened as they are named, and kept.</remarks>
internal sealed partial class RedisCommands : IRespLinkOwner, IDisposable
{
    private readonly ConcurrentDictionary<(string Host, int Port), RespLink> _peers = new();
    private readonly RespLink?[] _slots = new RespLink?[RedisSlot.Count];
    private readonly RespLink _main;
    private readonly RedisScript[] _publish; // by TopicKind
    private readonly RedisScript[] _publishRemovals; // the same for what goes over the nodes' own channels, which are classic
    private readonly RedisScript[] _publishEvents; // the same, of topics whose messages are told to a backend; empty if there are none
    private readonly BackplaneOptions _options;
    private readonly RedisScript[] _scripts;
    private readonly Action _batchEnd;
    private readonly ILogger _logger;
    private readonly RedisKeys _keys;
    private readonly ConcurrentDictionary<RespLink, bool> _loading = new(); // links that owe the answer to scripts being loaded
    private readonly ConcurrentDictionary<int, RespLink> _ahead = new(); // slots of which only subscriptions know yet that they have moved
    private volatile bool _isCluster;
    private volatile RespLink[] _owners = []; // of slots, as last heard

    /// <param name="endpoint">Where Redis is.</param>
    /// <param name="options">Time limits.</param>
    /// <param name="keys">Names of keys.</param>
    /// <param name="scripts">Those that will be called, beside the one that publishes.</param>
    /// <param name="batchEnd">Called on a link's thread when all replies that had arrived are handled.</param>
    /// <param name="logger">Gets up, down and cluster moves.</param>
    /// <param name="events">What is told to a backend; null: nothing.</param>
    public RedisCommands(
        RedisEndpoint endpoint, BackplaneOptions options, RedisKeys keys, IEnumerable<RedisScript> scripts, Action batchEnd, ILogger logger, EventRules? events = null)
    {
        _options = options;
        _keys = keys;
        _publish = [.. Enum.GetValues<TopicKind>().Select(kind => RedisScript.Publish(options.LogOf(kind), options.PositionAge, keys.AreSharded))];
        _publishRemovals = keys.AreSharded ? [.. Enum.GetValues<TopicKind>().Select(kind => RedisScript.Publish(options.LogOf(kind), options.PositionAge))] : _publish;
        _publishEvents = events is null ? [] : [.. Enum.GetValues<TopicKind>().Select(kind => RedisScript.Publish(options.LogOf(kind), options.PositionAge, keys.AreSharded, events))];
        _scripts = [.. _publish.Concat(_publishRemovals).Concat(_publishEvents).Concat(scripts).DistinctBy(static script => Convert.ToHexString(script.Sha))]; // logs of two kinds may be set alike
        _batchEnd = batchEnd;
        _logger = logger;
        _main = NewLink(endpoint);
    }

    /// <summary>Whether every server that owns slots takes commands. One that was replaced counts no more.</summary>
    public bool IsUp => _main.IsUp && Array.TrueForAll(_owners, static owner => owner.IsUp);

    /// <summary>Lives of Redis known to have lost something acknowledged.</summary>
    public BrokenLives Broken { get; } = new();

    /// <summary>Called on a link's thread when one turns out to be such, with the microsecond by its clock at which it was first met. It may be
    /// known already.</summary>
    public Action<string, long>? LifeBroken { get; set; }

    /// <summary>Called on a link's thread when the link is up, before anything of a topic is sent over it.</summary>
    public event Action? Up;

    /// <summary>The script that publishes to topics of a kind.</summary>
    public RedisScript PublishScript(TopicKind kind, bool isTold, bool isRemoval) => (isRemoval ? _publishRemovals : isTold ? _publishEvents : _publish)[(int)kind];

    /// <summary>Where Redis is, as configured.</summary>
    public RedisEndpoint Endpoint => _main.Endpoint;

    /// <summary>The link to the server that owns a slot, as far as is known.</summary>
    public RespLink OwnerOf(int slot) => _ahead.TryGetValue(slot, out var owner) ? owner : Volatile.Read(ref _slots[slot]) ?? _main;

    /// <summary>Whether the server at the end of a link owns slots; alone, it owns all.</summary>
    public bool IsOwner(RespLink link) => _isCluster ? Array.IndexOf(_slots, link) >= 0 || _ahead.Values.Contains(link) : link == _main;

    /// <summary>Learns where a slot is now from a MOVED that came over a link for subscriptions. Returns -1 if the error is none.</summary>
    /// <remarks>What is published is sent where it was before, until it is told the same: only so, in the midst of traffic, does a sender's order
    /// hold (<see cref="RespLink.HoldBack"/>).</remarks>
    public int Learn(string error)
    {
        if (!Redirection.TryParse(error, out var moved) || moved.IsForOnce)
        {
            return -1;
        }

        _ahead[moved.Slot] = PeerAt(moved.Host, moved.Port);
        return moved.Slot;
    }

    public void Start() => _main.Start();

    public void Dispose()
    {
        _main.Dispose();
        foreach (var peer in _peers.Values)
        {
            peer.Dispose();
        }
    }

    /// <summary>False: nothing was sent. Else the command's reply or failure follows.</summary>
    /// <param name="command">The command.</param>
    /// <param name="topic">Whose keys it touches.</param>
    public bool TrySend(RedisCommand command, ReadOnlySpan<byte> topic)
    {
        command.Sender = this;
        var slot = command.Slot = _isCluster ? RedisKeys.SlotOf(topic) : -1; // the command is the link's once it is sent
        var link = slot < 0 ? _main : Volatile.Read(ref _slots[slot]) ?? _main;
        command.Link = link;
        if (!(command.IsPatient ? link.TrySend(command) : link.TrySend(command.Buffer.Span, command)))
        {
            return false;
        }

        if (slot >= 0 && Volatile.Read(ref _slots[slot]) is { } owner && owner != link)
        {
            link.HoldBack(owner); // the slot has moved at this moment: this one will, too, and comes before what its sender sends next
        }

        return true;
    }

    /// <summary>Sends a command that belongs to no topic, and whose reply hardly anybody waits for.</summary>
    public bool TrySendUnrouted(ReadOnlySpan<byte> command, IRespReply? reply = null) => _main.TrySend(command, reply ?? IgnoredReply.Instance);

    public Task<object?> CallAsync(RedisCall call, ReadOnlySpan<byte> topic)
    {
        if (!TrySend(call, topic))
        {
            call.Refuse("Redis is not reachable.");
        }

        return call.Task;
    }

    /// <summary>Mends what an error reply asks for and sends the command again; false: the error stands.</summary>
    public bool TryResend(RedisCommand command, string error)
    {
        if (error.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Those in flight with it will all say so; the answers to the scripts' loading come after theirs.
            var link = command.Link!;
            link.HoldBack(link); // what is sent from now on would find the scripts, and pass those by
            if (!_loading.ContainsKey(link))
            {
                LoadScripts(link);
            }

            return TrySend(command, link);
        }

        if (error.StartsWith("READONLY", StringComparison.Ordinal))
        {
            command.Link!.Break(); // it was the primary once; another of the configured servers, or the same name, may be it now
            return false;
        }

        if (!Redirection.TryParse(error, out var redirection))
        {
            return false;
        }

        var owner = PeerAt(redirection.Host, redirection.Port);
        command.Slot = redirection.Slot;
        if (!redirection.IsForOnce)
        {
            command.Link!.HoldBack(owner); // others of the slot are on their way to the server that answered, and come behind this one
            Learn(redirection.Slot, owner);
            return TrySend(command, owner);
        }

        command.Link = owner;
        return owner.TrySend(new CommandBuffer().Command(1).Bulk("ASKING"u8).Span, command.Buffer.Span, command);
    }

    /// <summary>Finds links whose server went silent or became another, and who took over from a server that is gone. Called once a tick.</summary>
    public void LookAfterLinks()
    {
        if (!Array.TrueForAll(_owners, static owner => owner.IsUp))
        {
            AskForSlots(_main);
        }

        foreach (var link in _peers.Values.Append(_main))
        {
            link.BreakIfOverdue();
            LoginRenewal.Send(link);
            if (link.IsUp)
            {
                new LifeCheck(link).Send();
            }
        }
    }

    public void OnUp(RespLink link)
    {
        LookForLastAck(link, link);
        LoadScripts(link);
        AskForSlots(link);
        Up?.Invoke();
        Log.Up(_logger, link.Endpoint.Servers[0].Host, link.Endpoint.Servers[0].Port);
    }

    public void OnDown(RespLink link, string reason, bool isNews)
    {
        _loading.TryRemove(link, out _);
        if (isNews)
        {
            Log.Down(_logger, reason);
        }
    }

    public void OnPush(RespLink link, ref RespReader push) => throw new RespException("A push came on a link for commands.");

    public void OnBatchEnd(RespLink link) => _batchEnd();

    private static bool TrySend(RedisCommand command, RespLink link)
    {
        command.Link = link;
        return link.TrySend(command.Buffer.Span, command);
    }

    // A position is renewed once in a quarter of its log's age, which is at most this: so long it is remembered for certain.
    private TimeSpan AckAge => _options.PositionAge * 0.75;

    // Its answer comes before those to all that is sent over the link from now on.
    private void LookForLastAck(RespLink acknowledged, RespLink to)
    {
        var life = acknowledged == to ? to.Life : ServerLife.Unknown; // of a server that was replaced, any is another
        if (acknowledged.LastAck.OfAnotherLife(life, AckAge) is { } ack)
        {
            var metAt = new TimeReply();
            to.TrySend(new CommandBuffer().Command(1).Bulk("TIME"u8).Span, metAt);
            var check = new LastAckCheck(ack, _keys, (check, isThere) =>
            {
                var link = check.Link!;
                acknowledged.LastAck.Settle(ack, isThere ? link.Life : null);
                if (!isThere)
                {
                    Log.AckLost(_logger, ack.Epoch, ack.Offset);
                    LifeBroken?.Invoke(link.Life, metAt.Microseconds);
                }
            }) { Sender = this, Slot = _isCluster ? RedisKeys.SlotOf(ack.Topic) : -1 };
            TrySend(check, to);
        }
    }

    private void AskForSlots(RespLink link) =>
        link.TrySend(new CommandBuffer().Command(2).Bulk("CLUSTER"u8).Bulk("SLOTS"u8).Span, new SlotsReply(this));

    private void LoadScripts(RespLink link)
    {
        var load = new CommandBuffer();
        _loading[link] = true;
        foreach (var script in _scripts)
        {
            load.Clear();
            load.Command(3).Bulk("SCRIPT"u8).Bulk("LOAD"u8).Bulk(script.Text);
            if (!link.TrySend(load.Span, script == _scripts[^1] ? new LoadedReply(this, link) : IgnoredReply.Instance))
            {
                _loading.TryRemove(link, out _); // too far behind, or down: whoever misses a script next tries again
                return;
            }
        }
    }

    private RespLink NewLink(RedisEndpoint endpoint) =>
        new(endpoint, this, RespLinkKind.Commands, _options.CommandTimeout, _options.GatherTime, "redis commands");

    private void Assign(int first, int last, RespLink owner)
    {
        for (var slot = first; slot <= last; slot++)
        {
            Volatile.Write(ref _slots[slot], owner);
            _ahead.TryRemove(slot, out _);
        }

        _isCluster = true;
    }

    private void Learn(int slot, RespLink owner)
    {
        Assign(slot, slot, owner);
        _owners = _owners.Contains(owner) ? _owners : [.. _owners, owner];
    }

    private RespLink PeerAt(string host, int port)
    {
        // An empty host means: the one that was asked.
        host = host.Length == 0 ? _main.Endpoint.Servers[0].Host : host;
        if (_main.Endpoint.Servers is [var only] && only == (host, port))
        {
            return _main;
        }

        lock (_peers) // or two links' threads would both start one
        {
            if (!_peers.TryGetValue((host, port), out var peer))
            {
                peer = _peers[(host, port)] = NewLink(_main.Endpoint.At(host, port));
                peer.Start();
            }

            return peer;
        }
    }

    /// <summary>An array of <c>[first slot, last slot, [host, port, …owner], …replicas]</c>, or an error where there is no cluster.</summary>
    private sealed class SlotsReply(RedisCommands commands) : IRespReply
    {
        public void Complete(ref RespReader reply)
        {
            if (reply.ReadAny() is not object?[] ranges)
            {
                return;
            }

            foreach (var range in ranges)
            {
                if (range is object?[] parts && parts is [long first and >= 0, long last and < RedisSlot.Count, object?[] server, ..]
                    && server is [var host, long port, ..])
                {
                    var name = host is byte[] bytes ? Encoding.UTF8.GetString(bytes) : "";
                    commands.Assign((int)first, (int)last, commands.PeerAt(name, (int)port));
                }
            }

            commands._owners = [.. commands._slots.OfType<RespLink>().Distinct()];
            foreach (var replaced in commands._peers.Values.Append(commands._main).Where(link => !link.IsUp && !commands._owners.Contains(link)))
            {
                if (commands._isCluster && replaced.LastAck.OfAnotherLife(ServerLife.Unknown, commands.AckAge) is { } ack
                    && Volatile.Read(ref commands._slots[RedisKeys.SlotOf(ack.Topic)]) is { } successor)
                {
                    commands.LookForLastAck(replaced, successor);
                }
            }
        }

        public void Fail()
        {
            // The link broke; the next connect asks again.
        }
    }

    private sealed class TimeReply : IRespReply
    {
        public long Microseconds { get; private set; }

        public void Complete(ref RespReader reply)
        {
            if (reply.ReadAny() is object?[] time && time is [byte[] seconds, byte[] micros])
            {
                Microseconds = (long.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000) + long.Parse(micros, CultureInfo.InvariantCulture);
            }
        }

        public void Fail()
        {
            // Nor is the last acknowledgement found out about.
        }
    }

    private sealed class LoadedReply(RedisCommands commands, RespLink link) : IRespReply
    {
        public void Complete(ref RespReader reply) => commands._loading.TryRemove(link, out _);

        public void Fail() => commands._loading.TryRemove(link, out _);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "RedisLostMessages",
            Message = "Redis came back without a message it had acknowledged (at {Epoch}:{Offset}); members are told that something may be missing.")]
        public static partial void AckLost(ILogger logger, string epoch, long offset);

        [LoggerMessage(Level = LogLevel.Information, EventName = "RedisUp", Message = "Connected to Redis at {Host}:{Port}.")]
        public static partial void Up(ILogger logger, string host, int port);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "RedisDown", Message = "No connection to Redis ({Reason}); publishes fail, sockets stay open, trying on.")]
        public static partial void Down(ILogger logger, string reason);
    }
}
