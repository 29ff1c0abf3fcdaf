using Chat.Api.Access;
using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Events;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Nodes;
using Chat.Api.Orders;
using Chat.Api.Presence;
using Chat.Api.Redis.Resp;
using Chat.Api.Redis;
using Chat.Tests.Orders;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chat.Tests.Backplane;

/// <summary>One node's Redis backplane, and the other parts of a node that talk to Redis.</summary>
internal sealed class RedisBackplaneNode : BackplaneNode, IAsyncDisposable
{
    public const int PresenceListSize = 4;

    private readonly RedisCommands _commands;
    private readonly RedisSubscriptions _subscriptions;
    private readonly RedisLives _lives;
    private readonly RedisKeys _keys;
    private readonly BackplaneOptions _options;
    private readonly NodeIdentity _identity;
    private readonly CancellationTokenSource _stopping = new();
    private Task _ticking = Task.CompletedTask;

    private RedisBackplaneNode(RedisEndpoint endpoint, BackplaneOptions options, TimeProvider time, string prefix, EventRules? events, ILogger logger)
    {
        var keys = new RedisKeys(prefix, options.PubSub);
        endpoint = endpoint with { ShardedChannel = keys.AreSharded ? keys.ProbeChannel : null };
        var node = new NodeIdentity(time);
        var metrics = new BackplaneMetrics(NoMeters.Instance);
        _options = options;
        _keys = keys;
        _identity = node;
        _commands = new RedisCommands(endpoint, options, keys, [.. RedisBackplane.Scripts, .. RedisUserPlaces.Scripts, .. RedisMemberships.Scripts, .. RedisPresence.Scripts, .. RedisSanctions.Scripts, .. EventMarks.Scripts, .. EventQueues.Scripts],
            static () => { }, NullLogger.Instance, events);
        Marks = events is null ? null : new EventMarks(_commands, keys, events, time);
        Events = new EventQueues(_commands, keys, node);
        _subscriptions = new RedisSubscriptions(_commands, keys, node.Id, Listener, options, metrics, logger);
        _lives = new RedisLives(_commands, keys, Listener);
        Presence = new RedisPresence(_commands, _subscriptions, keys, node, new NodeOptions().Lease, PresenceListSize, Marks);
        Sanctions = new RedisSanctions(_commands, _subscriptions, keys, time);
        Memberships = new RedisMemberships(_commands, keys, TimeSpan.FromHours(1), Marks);
        TypingTurns = new RedisTypingTurns(_commands, keys);
        Places = new RedisUserPlaces(_commands, keys, node);
        Orders = new NodeOrders(
            _commands, _subscriptions, keys, node, Live, [Noted], [Question], Microsoft.Extensions.Options.Options.Create(new NodeOptions { OrderTimeout = Deadline }), time, NullLogger<NodeOrders>.Instance);
        Backplane = new RedisBackplane(_commands, _subscriptions, keys, options, node, time, metrics, Marks);
        Id = node.Id;
    }

    public string Id { get; }

    public override RedisBackplane Backplane { get; }

    public RedisMemberships Memberships { get; }

    /// <summary>Null if no backend is told of events.</summary>
    public EventMarks? Marks { get; }

    public EventQueues Events { get; }

    /// <summary>Presence that names up to <see cref="PresenceListSize"/> users.</summary>
    public RedisPresence Presence { get; }

    public RedisSanctions Sanctions { get; }

    public RedisTypingTurns TypingTurns { get; }

    /// <summary>This node's view of the cluster, which is empty until a test sets it.</summary>
    public LiveNodes Live { get; } = new(Microsoft.Extensions.Options.Options.Create(new NodeOptions()), TimeProvider.System);

    /// <summary>Orders with one order, <see cref="Noted"/>, and one question.</summary>
    public NodeOrders Orders { get; }

    public NotedOrder Noted { get; } = new();

    public TestQuestion Question { get; } = new();

    public RedisUserPlaces Places { get; }

    public PositionKeeper PositionKeeper(TimeProvider time) => new(_commands, _keys, Listener, _options, time);

    /// <summary>Partitions that this node has from its first heartbeat on, whatever the clock then shows.</summary>
    public EventPartitions Partitions(TopicTurns turns, TimeProvider time) => new(
        Events, _subscriptions, _keys, turns, _identity, Microsoft.Extensions.Options.Options.Create(new NodeOptions { Lease = TimeSpan.FromDays(365) }), time, NullLogger<EventPartitions>.Instance);

    /// <summary>Timeouts short enough for a test to wait until faults are found.</summary>
    public static BackplaneOptions FastOptions() => new()
    {
        CommandTimeout = TimeSpan.FromMilliseconds(500),
        TickInterval = TimeSpan.FromMilliseconds(250),
        SilenceLimit = TimeSpan.FromSeconds(1.5),
    };

    public static Task<RedisBackplaneNode> StartAsync(string connectionString, BackplaneOptions? options = null, TimeProvider? time = null, string prefix = "", EventRules? events = null) =>
        StartAsync(RedisEndpoint.Parse(connectionString), options, time, prefix, events);

    public static async Task<RedisBackplaneNode> StartAsync(
        RedisEndpoint endpoint, BackplaneOptions? options = null, TimeProvider? time = null, string prefix = "", EventRules? events = null, ILogger? logger = null)
    {
        var node = new RedisBackplaneNode(endpoint, options ?? PatientOptions(), time ?? TimeProvider.System, prefix, events, logger ?? NullLogger.Instance);
        node._commands.Start();
        node._subscriptions.Start();
        node._ticking = node.TickAsync();
        await node.Listener.RestoredAsync();
        await node.ReadyAsync();
        return node;
    }

    /// <summary>Returns when the backplane reports that it is ready, or that it is not.</summary>
    public Task ReadyAsync(bool ready = true) => Eventually.TrueAsync(() => Backplane.IsReady(out _) == ready);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _subscriptions.Dispose();
        _commands.Dispose();
        _stopping.Dispose();
    }

    // Does the work of RedisBackplaneHost.
    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(_options.TickInterval);
        do
        {
            _commands.LookAfterLinks();
            _subscriptions.Tick();
            Backplane.TellHeads();
            _lives.Share();
        }
        while (await timer.WaitForNextTickAsync(_stopping.Token));
    }
}
