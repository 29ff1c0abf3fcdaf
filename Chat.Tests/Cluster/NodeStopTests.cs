using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>A node that is asked to stop ends cleanly and soon, whatever became of its Redis.</summary>
/// <remarks>The backplane of hubs unsubscribes when it is disposed, by which time the Redis client is closed, or Redis
/// does not answer: each node aborted then (SIGABRT). And with Redis dead, commands waited for it to return: 25 s.</remarks>
public sealed class NodeStopTests : IAsyncLifetime
{
    // Draining is told to take no time, so this is what a loaded machine may add; an orchestrator kills after 30 s.
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(15);

    private NodeCluster? _cluster;

    private NodeCluster Cluster => _cluster!;

    public async Task InitializeAsync()
    {
        _cluster = await NodeCluster.StartAsync(nodes: 1, persists: false, ("Chat:Connections:DrainTime", "00:00:00"));
        await using var hub = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, "anna"); // so that the hub's backplane is in use
    }

    public Task DisposeAsync() => Cluster.DisposeAsync().AsTask();

    [Fact]
    public Task Node_AskedToStop_EndsCleanly() => Cluster.Take(0).StopAsync(Within);

    [Fact]
    public async Task Node_AskedToStopTwice_DoesNotTakeTheTimeToDrain()
    {
        await using var cluster = await NodeCluster.StartAsync(nodes: 1, persists: false, ("Chat:Connections:DrainTime", "00:00:20"));
        var clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => cluster.ConnectAsync(0, $"/chat/user/twice{i}")));
        var node = cluster.Take(0);

        node.Signal(ChildProcess.SigTerm);
        await Task.WhenAny(clients.Select(client => client.ClosedAsync())); // it has begun, and goes on for 20 s
        await node.StopAsync(within: TimeSpan.FromSeconds(12));

        foreach (var client in clients)
        {
            Assert.Equal(new Closing(1012, "draining"), await client.ClosedAsync());
            await client.DisposeAsync();
        }

        await node.DisposeAsync();
    }

    [Fact]
    public async Task Node_WhoseRedisIsDead_EndsCleanly()
    {
        await Cluster.Redis.KillAsync();
        var node = Cluster.Take(0);
        await node.UntilHealthAsync(isHealthy: false, Within);
        await node.StopAsync(Within);
    }

    [Fact]
    public async Task Node_WhoseRedisIsFrozen_EndsCleanly()
    {
        Cluster.Redis.Pause();
        try
        {
            var node = Cluster.Take(0);
            await node.UntilHealthAsync(isHealthy: false, Within);
            await node.StopAsync(Within);
        }
        finally
        {
            Cluster.Redis.Resume();
        }
    }
}
