using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>The settings name some servers of a cluster. Whatever becomes of those, the others are found.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class RedisClusterSettingsTests : IAsyncLifetime
{
    private static readonly Topic Topic = Enumerable.Range(0, 1000).Select(i => Topic.Group($"g{i}")).First(topic => RedisCluster.OwnerOf(RedisSlot.Of(topic.Utf8Name.Span)) == 2);

    private RedisCluster _cluster = null!;

    private RedisServer Named => _cluster.Servers[2];

    public async Task InitializeAsync() => _cluster = await RedisCluster.StartAsync(replicas: 1);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    /// <summary>Once, no node accepted messages any more in this case, and none could start, although the cluster was healthy.</summary>
    [RedisFact]
    public Task Server_ThatHasBecomeAReplica_KeepsNobodyFromRunningOrStarting() => BecomeReplicaAsync(PubSubKind.Classic);

    [RedisFact]
    public Task Server_ThatHasBecomeAReplica_KeepsNobodyFromRunningOrStarting_WithShardedChannels() => BecomeReplicaAsync(PubSubKind.Sharded);

    [RedisFact]
    public async Task Server_ThatIsGone_IsNotMissedByWhoRuns()
    {
        await using var running = await StartAsync(PubSubKind.Sharded);
        await running.PublishAnyhowAsync(Topic, "before", "m1");

        await _cluster.FailOverAsync();
        await running.PublishAnyhowAsync(Topic, "after", "m2");

        await running.ReadyAsync();
    }

    private async Task BecomeReplicaAsync(PubSubKind pubSub)
    {
        await using var running = await StartAsync(pubSub);
        await running.PublishAnyhowAsync(Topic, "before", "m1");

        await _cluster.SwitchAsync();
        await Eventually.TrueAsync(() => ((string)Named.Execute("INFO", "replication")!).Contains("role:slave", StringComparison.Ordinal));
        await running.PublishAnyhowAsync(Topic, "after", "m2");
        await running.ReadyAsync();
        await using var started = await StartAsync(pubSub);
        Assert.Equal(3, (await started.PublishAnyhowAsync(Topic, "from another", "m3")).Offset);
    }

    private Task<RedisBackplaneNode> StartAsync(PubSubKind pubSub)
    {
        var options = RedisBackplaneNode.PatientOptions();
        options.PubSub = pubSub;
        return RedisBackplaneNode.StartAsync(Named.ConnectionString, options);
    }
}
