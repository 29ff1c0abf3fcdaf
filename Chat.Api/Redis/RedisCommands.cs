using System.Collections.Concurrent;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis.Resp;
using ServiceDefaults;

namespace Chat.Api.Redis;

/// <summary>Sends commands to the server that owns their keys (<see cref="RedisServers"/>), and resends those that have to be sent again.</summary>
internal sealed partial class RedisCommands : IRespLinkOwner, IDisposable
{
    private readonly RedisServers _servers;
    private readonly LastAcks _lastAcks;
    private readonly RedisScript[] _publish; // by TopicKind
    private readonly RedisScript[] _publishRemovals; // the same for removals
    private readonly RedisScript[] _delete; // the same for deletions
    private readonly RedisScript[] _publishEvents; // the same, for topics whose messages are told to a backend; empty if there are none
    private readonly RedisScript[] _deleteEvents; // as before
    private readonly BackplaneOptions _options;
    private readonly RedisScript[] _scripts;
    private readonly Refusals _refusals;
    private readonly NowAndThen _saysEvicts = new(TimeProvider.System);
    private readonly Action _batchEnd;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<RespLink, bool> _disowned = new(); // links whose server has said since the last tick that the cluster is down
    private readonly ConcurrentDictionary<RespLink, bool> _loading = new(); // links whose server has not yet answered to the loading of the scripts

    /// <param name="endpoint">Where Redis is.</param>
    /// <param name="options">Time limits.</param>
    /// <param name="keys">Names of keys.</param>
    /// <param name="scripts">The scripts that will be called, besides those that publish.</param>
    /// <param name="batchEnd">Called on a link's thread when all replies that had arrived are handled.</param>
    /// <param name="logger">Gets up, down and cluster moves.</param>
    /// <param name="events">What is told to a backend; null if nothing is.</param>
    public RedisCommands(
        RedisEndpoint endpoint, BackplaneOptions options, RedisKeys keys, IEnumerable<RedisScript> scripts, Action batchEnd, ILogger logger, EventRules? events = null)
    {
        _options = options;
        _publish = Each(keys.AreSharded);
        _publishRemovals = Each(kind: PublishKind.Removal);
        _delete = Each(kind: PublishKind.Deletion);
        _publishEvents = events is null ? [] : Each(keys.AreSharded, events);
        _deleteEvents = events is null ? [] : Each(events: events, kind: PublishKind.Deletion);
        _scripts =
        [
            .. _publish.Concat(_publishRemovals).Concat(_delete).Concat(_publishEvents).Concat(_deleteEvents).Concat(scripts)
                .DistinctBy(static script => Convert.ToHexString(script.Sha)), // logs of two kinds may be set alike
        ];
        _batchEnd = batchEnd;
        _logger = logger;
        _refusals = new Refusals(TimeProvider.System, (count, last) => Log.Refused(_logger, count, last));
        _servers = new RedisServers(endpoint, (at, acknowledged) => new RespLink(at, this, RespLinkKind.Commands, options.CommandTimeout, options.GatherTime, "redis commands")
        {
            LastAck = acknowledged ?? new LastAck(TimeProvider.System),
        });
        _lastAcks = new LastAcks(this, _servers, keys, options.PositionAge, (life, metAt) => LifeBroken?.Invoke(life, metAt), logger);
    }

    /// <inheritdoc cref="RedisServers.AreUp"/>
    public bool IsUp => _servers.AreUp;

    /// <summary>Whether the server that owns a topic's slot takes commands.</summary>
    public bool IsOwnerUp(ReadOnlySpan<byte> topic) => _servers.IsKnown && _servers.OwnerOf(RedisKeys.SlotOf(topic)).IsUp;

    /// <summary>Lives of Redis known to have lost something acknowledged.</summary>
    public BrokenLives Broken { get; } = new();

    /// <summary>Called on a link's thread when a life turns out to be such, with the time at which it was first met, in microseconds by
    /// its clock. The life may be known already.</summary>
    public Action<string, long>? LifeBroken { get; set; }

    /// <summary>Called on a link's thread when the link is up, before anything of a topic is sent over it.</summary>
    public event Action? Up;

    /// <summary>The script that publishes it.</summary>
    public RedisScript PublishScript(in Publication publication, bool isTold) =>
        (publication.IsRemoval ? _publishRemovals
            : publication.IsDeletion ? isTold ? _deleteEvents : _delete
            : isTold ? _publishEvents : _publish)[(int)publication.Kind];

    /// <summary>How many links there are, ended ones included; for tests.</summary>
    public int Links => _servers.All.Count();

    /// <summary>Where Redis is, as configured.</summary>
    public RedisEndpoint Endpoint => _servers.Main.Endpoint;

    /// <inheritdoc cref="RedisServers.OwnerOf"/>
    public RespLink OwnerOf(int slot) => _servers.OwnerOf(slot);

    /// <inheritdoc cref="RedisServers.InTurn"/>
    public RespLink InTurn(out int among) => _servers.InTurn(out among);

    /// <inheritdoc cref="RedisServers.IsPrimary"/>
    public bool IsPrimary(RespLink link) => _servers.IsPrimary(link);

    /// <summary>Learns where a slot is now from a MOVED that came over a link for subscriptions. Returns -1 if the error is not one.</summary>
    public int Learn(string error)
    {
        if (!Redirection.TryParse(error, out var moved) || moved.IsForOnce)
        {
            return -1;
        }

        _servers.Learn(moved.Slot, _servers.At(moved.Host, moved.Port));
        return moved.Slot;
    }

    /// <summary>Notes it if a server refuses because its cluster is down. The others are then asked who owns its slots: it may be cut off from
    /// them, or have been taken out of the cluster, and does not know.</summary>
    public void Disowned(RespLink link, string error)
    {
        if (error.StartsWith("CLUSTERDOWN", StringComparison.Ordinal))
        {
            _disowned[link] = true;
        }
    }

    public void Start() => _servers.Main.Start();

    public void Dispose() => _servers.Dispose();

    private RedisScript[] Each(bool isSharded = false, EventRules? events = null, PublishKind kind = PublishKind.Message) =>
        [.. Enum.GetValues<TopicKind>().Select(topics => RedisScript.Publish(_options.LogOf(topics), _options.PositionAge, isSharded, events, kind))];

    /// <summary>Returns false if nothing was sent. Otherwise the command's reply or failure follows.</summary>
    /// <param name="command">The command.</param>
    /// <param name="topic">The topic whose keys it touches.</param>
    public bool TrySend(RedisCommand command, ReadOnlySpan<byte> topic)
    {
        command.Sender = this;
        if (_servers.IsCluster)
        {
            return _servers.TrafficOf(RedisKeys.SlotOf(topic)).TrySend(command);
        }

        // Refused until it is known whether this server is one of a cluster: later commands would overtake a user's command sent before that.
        command.Traffic = null;
        return (_servers.IsKnown || !command.IsPatient) && command.TrySend(_servers.Main, command.IsPatient);
    }

    /// <summary>Sends a command that belongs to no topic, and whose reply hardly anybody waits for.</summary>
    public bool TrySendUnrouted(ReadOnlySpan<byte> command, IRespReply? reply = null) => _servers.Anywhere.TrySend(command, reply ?? IgnoredReply.Instance);

    public Task<object?> CallAsync(RedisCall call, ReadOnlySpan<byte> topic)
    {
        if (!TrySend(call, topic))
        {
            call.Refuse();
        }

        return call.Task;
    }

    /// <summary>Calls every server that owns slots and takes commands, with a command that touches no keys. Fails if there is none.</summary>
    public Task<object?[]> CallAllAsync(Func<RedisCall> newCall)
    {
        return Task.WhenAll(_servers.Primaries.Where(static server => server.IsUp).DefaultIfEmpty(_servers.Main).Select(CallAsync));

        Task<object?> CallAsync(RespLink server)
        {
            var call = newCall();
            call.Sender = this;
            if (!call.TrySend(server))
            {
                call.Refuse();
            }

            return call.Task;
        }
    }

    /// <summary>Does what an error reply asks for, and has the command sent again. Returns false if the error stands.</summary>
    public bool TryResend(RedisCommand command, string error)
    {
        if (error.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // All commands in flight with this script will get this error. The answers to loading the scripts come after those.
            var link = command.Link!;
            link.HoldBack(); // commands sent from now on would find the scripts, and overtake those
            if (!_loading.ContainsKey(link))
            {
                LoadScripts(link);
            }

            return command.TrySend(link);
        }

        if (error.StartsWith("READONLY", StringComparison.Ordinal))
        {
            command.Link!.Break(); // it was the primary once; now another of the configured servers may be it, or another one by the same name
            return false;
        }

        if (error.StartsWith("TRYAGAIN", StringComparison.Ordinal) && command.Traffic is { } moving && command.TryPostpone(_options.CommandTimeout))
        {
            moving.Postponed(command); // some of its keys are still on their way to another server
            return true;
        }

        if (!Redirection.TryParse(error, out var redirection))
        {
            Disowned(command.Link!, error);
            return false;
        }

        var to = _servers.At(redirection.Host, redirection.Port);
        if (!redirection.IsForOnce)
        {
            _servers.Learn(redirection.Slot, to);
        }

        if (command.Traffic is not { } traffic)
        {
            return command.TrySend(to, isAsking: redirection.IsForOnce);
        }

        traffic.Redirected(command, to, redirection.IsForOnce);
        return true;
    }

    /// <summary>An error stands: the command's sender is told that Redis did not answer, and the operator why.</summary>
    public void Refused(string error)
    {
        if (!error.StartsWith("NOSCRIPT", StringComparison.Ordinal)) // why a script cannot be loaded is said instead
        {
            _refusals.Add(error);
        }
    }

    /// <summary>Finds links whose server went silent or became another one, and servers that took over from one that is gone. Called once
    /// a tick.</summary>
    public void LookAfterLinks()
    {
        _refusals.Tick();
        AskForSlots();
        _lastAcks.LookAgain();
        _servers.EndReplaced(_lastAcks.StillCounts, _lastAcks.LookFor);
        foreach (var link in _servers.All)
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
        _lastAcks.LookOver(link);
        LoadScripts(link);
        AskForSlots(link);
        new EvictionCheck(policy =>
        {
            if (_saysEvicts.IsTime())
            {
                Log.Evicts(_logger, policy);
            }
        }).Send(link);
        Up?.Invoke();
        Log.Up(_logger, link.Endpoint.Servers[0].Host, link.Endpoint.Servers[0].Port);
    }

    public void OnDown(RespLink link, string reason, bool isNews)
    {
        _loading.TryRemove(link, out _);
        if (isNews)
        {
            Log.Down(_logger, reason);
            AskForSlots(_servers.Anywhere); // its server may have been replaced for a while, and what it acknowledged last is looked for only now
        }
    }

    public void OnPush(RespLink link, ref RespReader push) => throw new RespException("A push came on a link for commands.");

    public void OnBatchEnd(RespLink link) => _batchEnd();

    private void AskForSlots()
    {
        var disowned = _disowned.Keys.Where(link => _disowned.TryRemove(link, out _)).Select(static link => link.Server).ToArray();
        if (!_servers.AreUp && _servers.Anywhere is var server && !disowned.Contains(server.Server))
        {
            AskForSlots(server);
        }

        foreach (var link in disowned.Length == 0 ? [] : _servers.Primaries.Where(link => !disowned.Contains(link.Server)))
        {
            AskForSlots(link);
        }
    }

    private void AskForSlots(RespLink link) => _servers.Ask(link, _lastAcks.LookForThoseOfReplaced);

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
                _loading.TryRemove(link, out _); // too far behind, or down: the next command that misses a script tries again
                return;
            }
        }
    }

    private sealed class LoadedReply(RedisCommands commands, RespLink link) : IRespReply
    {
        public void Complete(ref RespReader reply)
        {
            commands._loading.TryRemove(link, out _);
            if (reply.Kind == '-')
            {
                commands._refusals.Add(reply.ReadLine());
            }
        }

        public void Fail() => commands._loading.TryRemove(link, out _);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "RedisUp", Message = "Connected to Redis at {Host}:{Port}.")]
        public static partial void Up(ILogger logger, string host, int port);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "RedisEvicts", Message = "When its memory is full, Redis evicts keys (maxmemory-policy {Policy}), bans and memberships included; with noeviction it refuses writes instead.")]
        public static partial void Evicts(ILogger logger, string policy);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "RedisRefuses", Message = "Redis has refused commands {Count} times by now (the last: {Error}); their senders are told to try again.")]
        public static partial void Refused(ILogger logger, long count, string error);

        [LoggerMessage(Level = LogLevel.Warning, EventName = "RedisDown", Message = "No connection to Redis ({Reason}); publishes fail, sockets stay open, retrying.")]
        public static partial void Down(ILogger logger, string reason);
    }
}
