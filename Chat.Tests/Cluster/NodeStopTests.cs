using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>A node that is asked to stop ends cleanly and soon, whatever became of its Redis.</summary>
/// <remarks>The backplane of hubs unsubscribes when it is disposed. By then the Redis client is closed, or Redis does not answer, and each node once
/// aborted in that case (SIGABRT). And with Redis dead, commands waited 25 s for it to return.</remarks>
public sealed class NodeStopTests : IAsyncLifetime
{
    // Draining is set to take no time, so this is the time that a loaded machine may add. An orchestrator kills after 30 s.
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(15);

    private NodeCluster? _cluster;

    private NodeCluster Cluster => _cluster!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);

    [Fact]
    public async Task Node_AskedToStop_EndsCleanly()
    {
        var node = await StartAsync();
        await node.StopAsync(Within);
    }

    [Fact]
    public async Task Node_AskedToStopTwice_DoesNotTakeTheTimeToDrain()
    {
        var node = await StartAsync(drainTime: "00:00:20");
        var clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => ChatClient.ConnectAsync(node.Address, $"/chat/user/twice{i}")));

        node.Signal(ChildProcess.SigTerm);
        await Task.WhenAny(clients.Select(client => client.ClosedAsync())); // the drain has begun, and goes on for 20 s
        await node.StopAsync(within: TimeSpan.FromSeconds(12));

        foreach (var client in clients)
        {
            Assert.Equal(new Closing(1012, "draining"), await client.ClosedAsync());
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Node_WhoseRedisIsDead_EndsCleanly()
    {
        var node = await StartAsync();
        await Cluster.Redis.KillAsync();
        await node.UntilHealthAsync(isHealthy: false, Within);
        await node.StopAsync(Within);
    }

    [Fact]
    public async Task Node_WhoseRedisIsFrozen_EndsCleanly()
    {
        var node = await StartAsync();
        Cluster.Redis.Pause();
        try
        {
            await node.UntilHealthAsync(isHealthy: false, Within);
            await node.StopAsync(Within);
        }
        finally
        {
            Cluster.Redis.Resume();
        }
    }

    private async Task<NodeProcess> StartAsync(string drainTime = "00:00:00")
    {
        _cluster = await NodeCluster.StartAsync(nodes: 1, persists: false, ("Chat:Connections:DrainTime", drainTime));
        await using var hub = await HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, "anna"); // so that the hub's backplane is in use
        return Cluster.Nodes[0];
    }
}
