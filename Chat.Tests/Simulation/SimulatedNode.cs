using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Hubs;
using Chat.Api.Memberships;
using Chat.Api.Nodes;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Simulation;

/// <summary>One process of Chat.Api: the real engine, memberships, presence and outboxes, assembled by hand.</summary>
internal sealed partial class SimulatedNode : IDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    private static readonly IOptions<NodeOptions> NodeOptions = Options.Create(new NodeOptions { Heartbeat = Heartbeat, Lease = Lease });
    private static readonly IOptions<TopicOptions> TopicOptions = Options.Create(new TopicOptions());
    private static readonly IOptions<MembershipOptions> MembershipOptions = Options.Create(new MembershipOptions { MembershipAge = TimeSpan.FromSeconds(80) });
    private static readonly IOptions<ChatHubOptions> HubOptions = Options.Create(new ChatHubOptions());
    private static readonly IOptions<DefaultChats> Chats = Options.Create(new DefaultChats { Chats = ["a"] });
    private static readonly ConnectionMetrics ConnectionMetrics = new(Support.NoMeters.Instance);
    private static readonly IOptions<ConnectionOptions> ConnectionOptions = Options.Create(new ConnectionOptions
    {
        OutboxBytes = 4096, // some dozens of messages
        MessagesPerSecond = 0,
        BytesPerSecond = 0,
        UserMessagesPerSecond = 0,
        UserBytesPerSecond = 0,
        UserTopicsPerSecond = 0,
    });

    private static readonly SignalNames Names = new("");

    private readonly SimulatedHubContext _signals;
    private readonly World _world;
    private readonly TopicTable _topics;
    private readonly LiveNodes _live;
    private readonly MembershipWatch _watch;
    private readonly GroupRemovals _removals;
    private readonly HubMemberships _memberships;
    private readonly HubMessages _messages;
    private readonly HubServices _services;
    private readonly List<SimulatedConnection> _open = [];
    private readonly CancellationTokenSource _stopping = new();
    private ITimer? _heartbeat;
    private ITimer? _sweep;

    public SimulatedNode(World world, SimulatedRedis redis, Model model, TopicMetrics metrics, string id, TimeSpan clockError, bool hasPresence)
    {
        (_world, Model, Id) = (world, model, id);
        Process = new SimulatedProcess(world, clockError);
        var clock = Process.Clock;
        var identity = new NodeIdentity(clock) { Id = id };
        Connections = new ConnectionTable(ConnectionOptions, ConnectionMetrics, clock);
        _topics = new TopicTable(identity, TopicOptions, metrics, clock, new StrictLogger<TopicTable>(world));
        IBackplaneListener listener = world.Fault == Fault.DoubtLostDuringRead ? new DoubtsLost(_topics, this) : _topics;
        Backplane = new SimulatedBackplane(world, redis, this, listener);
        IBackplane backplane = world.Fault == Fault.RemovalOverlookedInLog ? new RemovalsOverlooked(Backplane) : Backplane;
        _topics.Attach(backplane);
        _live = new LiveNodes(NodeOptions, clock);
        _removals = new GroupRemovals(backplane, identity, _live, MembershipOptions, clock);
        var memberships = Memberships = new SimulatedMemberships(Backplane, world);
        _watch = new MembershipWatch(memberships, _removals, MembershipOptions, clock, new StrictLogger<MembershipWatch>(world));
        _topics.Attach(_watch);
        _messages = new HubMessages(backplane, new TopicHistory(backplane, Options.Create(new BackplaneOptions())), Connections, _topics, HubOptions);
        _memberships = new HubMemberships(memberships, _removals, mirrors: null!, _watch, _messages, Connections, backplane, MembershipOptions, new StrictLogger<ChatHub>(world));
        _signals = new SimulatedHubContext(clock);
        _services = new HubServices(
            _topics, backplane, _watch, Names, _signals, Chats, ConnectionOptions, clock, new StrictLogger<ChatHub>(world));
        if (hasPresence)
        {
            Presence = new SimulatedPresence(world, this, _live, identity, NodeOptions);
            _topics.Attach(Presence.Reporter);
        }
    }

    public string Id { get; }

    public Model Model { get; }

    public SimulatedProcess Process { get; }

    public ConnectionTable Connections { get; }

    public SimulatedBackplane Backplane { get; }

    public SimulatedMemberships Memberships { get; }

    public SimulatedPresence? Presence { get; }

    /// <summary>Whether nothing passes between it and Redis.</summary>
    public bool IsCut { get; set; }

    public IReadOnlyList<SimulatedConnection> Open => _open;

    public bool IsReady => Backplane.IsReady(out _);

    public void Start() => Process.Run(() =>
    {
        Backplane.Start();
        var clock = Process.Clock;
        _sweep = clock.CreateTimer(_ => _topics.Sweep(), null, SweepEvery, SweepEvery);
        _heartbeat = clock.CreateTimer(_ => Beat(), null, TimeSpan.FromMilliseconds(50), Heartbeat);
        _ = Loops.Execute(_watch, _stopping.Token);
        Presence?.Start(_stopping.Token);
    });

    /// <summary>Ends the node like SIGKILL. Data that its clients have not read yet may still reach them.</summary>
    public void Kill()
    {
        Process.Kill();
        Backplane.Commands.Break();
        Backplane.Subscriptions.Link.Break();
        _world.Remove(Backplane.Commands);
        _world.Remove(Backplane.Subscriptions.Link);
        foreach (var connection in _open)
        {
            connection.Socket.Leave();
        }
    }

    /// <summary>Ends the node when a history is over, so that nothing of it stays anywhere.</summary>
    public void Dispose()
    {
        Kill();
        _topics.Dispose();
        _watch.Dispose();
        Presence?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Called when a node joined or left the cluster.</summary>
    public void OnNodeAnnounced(string id)
    {
        _live.Announce(id);
        Beat();
    }

    private void Beat() => _ = BeatAsync();

    private async Task BeatAsync()
    {
        var announced = _live.TakeAnnounced();
        try
        {
            var ids = await Backplane.CallAsync(redis => redis.Beat(Id, (long)Lease.TotalMilliseconds, (long)(Heartbeat * 2).TotalMilliseconds));
            _live.Update([.. ids.Select(id => new NodeInfo(id, "", NodeState.Ready, 0, DateTimeOffset.UnixEpoch, null))], announced);
        }
        catch (BackplaneUnavailableException)
        {
            Array.ForEach(announced, _live.Announce); // the next heartbeat tries again
        }
    }
}
