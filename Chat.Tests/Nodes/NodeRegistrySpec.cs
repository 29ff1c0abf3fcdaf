using Chat.Api.Nodes;
using Chat.Tests.Support;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;
using StackExchange.Redis;
using Xunit;

namespace Chat.Tests.Nodes;

/// <summary>The promises of the registry on every kind of Redis. The derived classes only name the server.</summary>
public abstract class NodeRegistrySpec(RedisFixture redis) : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20); // only a failing test waits this long

    private readonly NodeKeys _keys = new($"{Guid.NewGuid():N}:");
    private ConnectionMultiplexer? _redis;

    public async Task InitializeAsync()
    {
        if (RedisFactDiscoverer.WhyNot(GetType()) is null)
        {
            _redis = await ConnectionMultiplexer.ConnectAsync(redis.Server.ConnectionString + ",abortConnect=false");
        }
    }

    public Task DisposeAsync()
    {
        _redis?.Close(allowCommandsToComplete: false);
        return Task.CompletedTask;
    }

    [RedisFact]
    public async Task Beat_ListsTheNodeForEveryone()
    {
        var registry = Registry();
        var a = Node("a") with { Connections = 7, Pid = 42 };
        await registry.BeatAsync(a, announce: false);

        var seen = await registry.BeatAsync(Node("b"), announce: false);

        Assert.Equal(["a", "b"], seen.Select(node => node.Id).Order());
        Assert.Contains(a, await registry.ListAsync());
    }

    [RedisFact]
    public async Task FirstBeatAndLeave_AreAnnounced_LaterBeatsAreNot()
    {
        var registry = Registry();
        var announced = System.Threading.Channels.Channel.CreateUnbounded<string>();
        await registry.ListenAsync(id => announced.Writer.TryWrite(id));

        await registry.BeatAsync(Node("a"), announce: false);
        await registry.BeatAsync(Node("a"), announce: false);
        await registry.BeatAsync(Node("b"), announce: false);
        await registry.BeatAsync(Node("a") with { State = NodeState.Draining }, announce: true);
        await registry.LeaveAsync("a");

        List<string> ids = [];
        for (var i = 0; i < 4; i++)
        {
            ids.Add(await announced.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
        }

        Assert.Equal(["a", "a", "a", "b"], ids.Order()); // the client library hands them to threads, which may handle them in another order
        Assert.Equal(["b"], (await registry.ListAsync()).Select(node => node.Id));
    }

    [RedisFact]
    public async Task Lease_WhenItRunsOut_IsNotListedAndIsSweptByTheNextBeatOfAnyone()
    {
        var dying = Registry(lease: TimeSpan.FromMilliseconds(50));
        var registry = Registry();
        var announced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await registry.BeatAsync(Node("alive"), announce: false);
        await dying.BeatAsync(Node("dying"), announce: false);
        await Eventually(async () => (await registry.ListAsync()).Length == 1);
        await registry.ListenAsync(id => announced.TrySetResult());

        var seen = await registry.BeatAsync(Node("alive"), announce: false);

        Assert.Equal(["alive"], seen.Select(node => node.Id));
        await announced.Task.WaitAsync(Deadline);
        Assert.Equal(1, await _redis!.GetDatabase().HashLengthAsync(_keys.Info));
    }

    // When a Redis had stood still, the first node that reached it once swept all others.
    [RedisFact]
    public async Task Leases_ThatHaveAllRunOut_AreNobodysDeath_ButWhoDoesNotRenewGoes()
    {
        var registry = Registry(heartbeat: TimeSpan.FromMilliseconds(100));
        foreach (var id in (string[])["a", "dead"])
        {
            await registry.BeatAsync(Node(id), announce: false);
            await _redis!.GetDatabase().SortedSetAddAsync(_keys.Leases, id, 1e15);
        }

        await _redis!.GetDatabase().SortedSetAddAsync(_keys.Leases, [new("a", 1), new("dead", 1)]); // leases that ended long ago

        Assert.Equal(["a", "dead"], (await registry.BeatAsync(Node("a"), announce: false)).Select(node => node.Id));
        await Eventually(async () => (await registry.BeatAsync(Node("a"), announce: false)).Length == 1);
    }

    [RedisFact]
    public async Task Entry_ThatCannotBeRead_HidesNobody()
    {
        var registry = Registry();
        await _redis!.GetDatabase().SortedSetAddAsync(_keys.Leases, "odd", 1e15);
        await _redis.GetDatabase().HashSetAsync(_keys.Info, "odd", "not JSON");

        Assert.Equal(["a"], (await registry.BeatAsync(Node("a"), announce: false)).Select(node => node.Id));
    }

    [RedisFact]
    public async Task Redis_ThatRestartsEmpty_KnowsTheNodeAgainAfterItsNextBeat()
    {
        var registry = Registry();
        await registry.BeatAsync(Node("a"), announce: false);
        await redis.Server.KillAsync();
        await redis.Server.RestartAsync();

        await Eventually(async () => (await registry.BeatAsync(Node("a"), announce: false)).Length == 1);
    }

    private static NodeInfo Node(string id) => new(id, "http://localhost:1", NodeState.Ready, 0, DateTimeOffset.UnixEpoch, null);

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await Holds())
        {
            await ticks.WaitForNextTickAsync(deadline.Token);
        }

        async Task<bool> Holds()
        {
            try
            {
                return await condition();
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                return false;
            }
        }
    }

    private NodeRegistry Registry(TimeSpan? lease = null, TimeSpan? heartbeat = null) => new(
        new NodeList(_redis!, _keys, TimeProvider.System), _keys,
        Options.Create(new NodeOptions { Lease = lease ?? TimeSpan.FromSeconds(10), Heartbeat = heartbeat ?? TimeSpan.FromSeconds(2) }));
}

[Collection(RedisServerGroup.Name)]
public sealed class RedisNodeRegistryTests(RedisServerFixture redis) : NodeRegistrySpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetNodeRegistryTests(GarnetServerFixture redis) : NodeRegistrySpec(redis);
