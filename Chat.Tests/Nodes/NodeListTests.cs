using System.Collections.Concurrent;
using Chat.Api.Nodes;
using Chat.Tests.Support;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;
using StackExchange.Redis;
using Xunit;
using EdgeRegistry = Edge.Proxy.Nodes.NodeRegistry;

namespace Chat.Tests.Nodes;

/// <summary>A replica takes over, and the primary becomes its replica while connections stay open, as an operator or a provider does it; or the server
/// stands still.</summary>
public sealed class NodeListTests : IAsyncLifetime
{
    private readonly NodeInfo _node = new("n", "http://localhost:1", NodeState.Ready, 0, DateTimeOffset.UnixEpoch, null);
    private RedisServer? _primary;
    private RedisServer? _replica;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await (_replica?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_primary?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    // The client library once kept asking the old primary for a minute: all leases ended, and no edge knew a node any more.
    [RedisFact]
    public async Task Lease_IsRenewedAtTheNewPrimary()
    {
        await using var redis = await ConnectAsync();
        var keys = new NodeKeys("");
        var registry = new NodeRegistry(new NodeList(redis, keys, TimeProvider.System), keys, Options.Create(new NodeOptions()));
        Assert.True(await TryBeatAsync(registry));

        _replica!.Execute("REPLICAOF", "NO", "ONE");
        _primary!.Execute("REPLICAOF", "127.0.0.1", $"{_replica.Port}");

        await Eventually.TrueAsync(() => TryBeatAsync(registry));
        Assert.Equal(1L, _replica.Execute("ZCARD", "{nodes}:leases"));
    }

    // An edge with a key of its own for its cookies writes nothing, so the old primary refused nothing. Once it kept reading from there, whatever
    // data that server still had.
    [RedisFact]
    public async Task List_IsReadAtTheNewPrimary()
    {
        await using var redis = await ConnectAsync();
        var keys = new NodeKeys("");
        var registry = new EdgeRegistry(new NodeList(redis, keys, TimeProvider.System), keys);
        Assert.Empty(await registry.ListAsync());

        _replica!.Execute("REPLICAOF", "NO", "ONE");
        _primary!.Execute("REPLICAOF", "127.0.0.1", $"{TestPort.FindFree()}");
        _replica.Execute("HSET", "{nodes}:info", "n", """{"id":"n","address":"http://localhost:1","state":"ready"}""");
        _replica.Execute("ZADD", "{nodes}:leases", "99999999999999", "n");

        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await registry.ListAsync()).Any(node => node.Id == "n");
            }
            catch (RedisException)
            {
                return false;
            }
        });
    }

    // The client library keeps the handler of a subscription that failed. Once each announcement came as many times as listening had been tried.
    [RedisFact]
    public async Task Announcement_ComesOnce_HoweverOftenListeningWasTried()
    {
        _primary = await RedisServer.StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_primary.ConnectionString);
        var clock = new ManualTimeProvider();
        var list = new NodeList(redis, new NodeKeys(""), clock);
        var announced = new ConcurrentQueue<string>();
        _primary.Pause();
        for (var i = 0; i < 3; i++)
        {
            var listening = list.ListenAsync(announced.Enqueue);
            clock.Advance(TimeSpan.FromSeconds(2));
            await Assert.ThrowsAsync<TimeoutException>(() => listening);
        }

        _primary.Resume();
        await list.ListenAsync(announced.Enqueue);
        string[] ids = [.. Enumerable.Range(0, 20).Select(i => $"{i}")];
        Array.ForEach(ids, list.Announce);

        await Eventually.TrueAsync(() => ids.All(announced.Contains));
        Assert.Equal(ids.Order(), announced.Order()); // threads may handle them in another order
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        _primary = await RedisServer.StartAsync();
        _replica = await RedisServer.StartAsync(RedisKind.Redis, persists: false, "--replicaof", $"127.0.0.1 {_primary.Port}");
        await Eventually.TrueAsync(() => _replica.Execute("ROLE") is object?[] role && role is [_, _, _, "connected", ..]);
        return await ConnectionMultiplexer.ConnectAsync($"{_primary.ConnectionString},{_replica.ConnectionString}");
    }

    private async Task<bool> TryBeatAsync(NodeRegistry registry)
    {
        try
        {
            await registry.BeatAsync(_node, announce: false);
            return true;
        }
        catch (RedisException)
        {
            return false; // the next attempt may succeed
        }
    }
}
