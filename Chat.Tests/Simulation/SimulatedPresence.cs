using System.Text;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Presence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace Chat.Tests.Simulation;

/// <summary>Presence at one node: the real reporter, sweeper and watches.</summary>
internal sealed class SimulatedPresence : IDisposable
{
    private static readonly IOptions<PresenceOptions> Settings = Options.Create(new PresenceOptions());
    private static readonly PresenceMetrics Metrics = new(Support.NoMeters.Instance);

    private readonly World _world;
    private readonly SimulatedNode _node;
    private readonly PresenceSweeper _sweeper;
    private ITimer? _first;

    public SimulatedPresence(World world, SimulatedNode node, LiveNodes live, NodeIdentity identity, IOptions<NodeOptions> nodes)
    {
        (_world, _node) = (world, node);
        var clock = node.Process.Clock;
        Store = new SimulatedPresenceStore(node, world);
        Reporter = new PresenceReporter(Store, Metrics, Settings, nodes, clock, new StrictLogger<PresenceReporter>(world));
        Watches = new PresenceWatches(Store, Reporter, Metrics, Settings, clock, new StrictLogger<PresenceWatches>(world));
        var self = new NodeSelf(identity, new NodeDrain(), new HostingEnvironment { EnvironmentName = Environments.Production });
        _sweeper = new PresenceSweeper(Store, Reporter, Metrics, live, self, Settings, nodes, clock, new StrictLogger<PresenceSweeper>(world));
    }

    public SimulatedPresenceStore Store { get; }

    public PresenceReporter Reporter { get; }

    public PresenceWatches Watches { get; }

    public void Dispose()
    {
        _sweeper.Dispose();
        Reporter.Dispose();
        Watches.Dispose();
    }

    public void Start(CancellationToken stopping)
    {
        if (_world.Fault == Fault.PresenceBeforeRoll)
        {
            // The fault: the first heartbeat comes after its full interval, and reports do not wait for it.
            var clock = _node.Process.Clock;
            Reporter.OnRolled(clock.GetTimestamp());
            _first = clock.CreateTimer(_ => _ = Loops.Execute(_sweeper, stopping), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        }
        else
        {
            _ = Loops.Execute(_sweeper, stopping);
        }

        _ = Loops.Execute(Reporter, stopping);
        _ = Loops.Execute(Watches, stopping);
    }
}

/// <summary>Stands in for <see cref="RedisPresence"/>.</summary>
internal sealed class SimulatedPresenceStore(SimulatedNode node, World world) : IPresenceStore
{
    private const int ListSize = 1000;

    private readonly Dictionary<string, PresenceNews> _lists = new(StringComparer.Ordinal);

    public Action<string, PresenceNews>? Heard { get; set; }

    public Action? Restored { get; set; }

    public Action? Returned { get; set; }

    public void OnMessage(string topic, byte[] message)
    {
        if (RedisPresence.Parse(message) is { } news)
        {
            Heard?.Invoke(topic, news);
        }
        else
        {
            world.Violate("presence news that is none: " + Encoding.UTF8.GetString(message));
        }
    }

    public Task ReportAsync(Topic topic, string? of, IReadOnlyCollection<PresentUser> users, bool isAll, Func<bool>? mayGoOn = null) =>
        DoAsync(redis => redis.Report(topic.Name, of ?? node.Id, users, isAll));

    public async Task<PresenceNews> ReadAsync(Topic topic, int most)
    {
        var list = await node.Backplane.CallAsync(redis => redis.ReadPresence(topic.Name, Math.Min(most, ListSize)));
        if (world.Fault == Fault.StaleListTaken && most > 0 && _lists.Remove(topic.Name, out var stale))
        {
            return stale; // the answer to an earlier question
        }

        if (most > 0)
        {
            _lists[topic.Name] = list;
        }

        return list;
    }

    public Task<long> CountAsync(Topic topic) => throw new NotSupportedException();

    public Task<PresencePage> ReadPageAsync(Topic topic, ulong from, int about) => throw new NotSupportedException();

    public Task WatchAsync(Topic topic) => node.Backplane.Subscriptions.SubscribeAsync("presence:" + topic.Name);

    public void Unwatch(Topic topic) => node.Backplane.Subscriptions.Unsubscribe("presence:" + topic.Name);

    public Task AddTopicsAsync(IReadOnlyCollection<Topic> topics) => DoAsync(redis => redis.AddTopics(node.Id, topics.Select(topic => topic.Name)));

    public Task RemoveTopicsAsync(string? of, IReadOnlyCollection<string> topics) => DoAsync(redis => redis.RemoveTopics(of ?? node.Id, topics));

    public Task<IReadOnlyCollection<string>> TopicsOfAsync(string? of) => node.Backplane.CallAsync(redis => redis.TopicsOf(of ?? node.Id));

    public async Task<PresenceRoll> CallRollAsync(string? sweeping = null)
    {
        var roll = await node.Backplane.CallAsync(redis => redis.CallRoll(node.Id, sweeping));
        return world.Fault == Fault.SweptUnnoticed ? roll with { IsKnown = true } : roll;
    }

    public Task LeaveAsync(TimeSpan delay) => DoAsync(redis => redis.LeaveRoll(node.Id, delay));

    public Task SweptAsync(string dead, bool hadUsers, TimeSpan lookAgain) => DoAsync(redis => redis.Swept(dead, hadUsers, lookAgain));

    private Task<bool> DoAsync(Action<SimulatedRedis> what) => node.Backplane.CallAsync(redis =>
    {
        what(redis);
        return true;
    });
}
