using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Two nodes with sharded channels on a Redis Cluster, whose third server has a replica.</summary>
public sealed class ShardedCluster : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Chat:Backplane:PubSub"] = "sharded",
        ["Chat:Connections:MessagesPerSecond"] = "0",
    };

    private RedisCluster? _redis;

    internal RedisCluster Redis => _redis ?? throw new InvalidOperationException(RedisCommandLine.WhyNoRedis);

    internal NodeProcess[] Nodes { get; private set; } = [];

    public async Task InitializeAsync()
    {
        if (RedisCommandLine.WhyNoRedis is null) // else each test reports it by itself
        {
            _redis = await RedisCluster.StartAsync(replicas: 1);
            Nodes = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => NodeProcess.StartAsync(Redis.Servers[0].ConnectionString, Settings)));
        }
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(node => node.DisposeAsync().AsTask()));
        await (_redis?.DisposeAsync() ?? ValueTask.CompletedTask);
    }
}

/// <summary>Slots move and servers die while clients write. No acknowledged message is lost, arrives twice, or arrives out of order.</summary>
public sealed class ShardedClusterTests(ShardedCluster fixture, ITestOutputHelper output) : IClassFixture<ShardedCluster>, IDisposable
{
    private const int Clients = 4;

    public void Dispose() => output.WriteLine(string.Join("\n\n", fixture.Nodes.Select(node => node.Output)));

    [RedisFact]
    public async Task Slot_ThatMovesToAndFroUnderTraffic_LosesNothing()
    {
        var group = GroupOn(server: 0);
        var clients = await JoinAsync(group);
        using var traffic = new Traffic(clients);
        var slot = RedisKeys.SlotOf(Topic.Group(group).Utf8Name.Span);
        await traffic.UntilAsync(more: 50);
        foreach (var (from, to) in new[] { (0, 1), (1, 0), (0, 1) })
        {
            fixture.Redis.Migrate(slot, from, to);
            await traffic.UntilAsync(more: 50);
        }

        await traffic.StopAsync();
        await traffic.AssertNothingMissingAsync();
    }

    [RedisFact]
    public async Task Server_WhenKilled_ItsReplicaTakesOver_AndNothingIsLost()
    {
        var group = GroupOn(server: 2);
        var clients = await JoinAsync(group);
        using var traffic = new Traffic(clients);
        await traffic.UntilAsync(more: 50);
        await traffic.StopAsync(); // another test covers writes that a dying server has not passed on to its replica
        await traffic.AssertNothingMissingAsync();

        await fixture.Redis.FailOverAsync();
        var before = clients[1].Count;
        var ack = await clients[0].PublishAsync("after", "hi");
        await clients[1].UntilAsync(before + 1, ChatClient.Deadline);

        Assert.Equal(("after", ack.Position), (clients[1].Messages[^1].Id, clients[1].Messages[^1].Position));
        Assert.All(clients, client => Assert.Equal((0, 0, 0), (client.Holes, client.Repeated, client.Resumes)));
    }

    private async Task<ResumingClient[]> JoinAsync(string group)
    {
        var clients = Enumerable.Range(0, Clients)
            .Select(i => new ResumingClient(() => fixture.Nodes[i % fixture.Nodes.Length].Address, $"/chat/group/{group}/{i}")).ToArray();
        await Task.WhenAll(clients.Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        return clients;
    }

    private static string GroupOn(int server) => Enumerable.Range(0, 1000).Select(static i => $"s{i}")
        .First(group => RedisCluster.OwnerOf(RedisKeys.SlotOf(Topic.Group(group).Utf8Name.Span)) == server);
}
