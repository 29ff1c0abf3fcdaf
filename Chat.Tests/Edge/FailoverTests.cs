using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Edge;

/// <summary>What clients see through the edge while nodes and Redis come and go: real processes, leases of 2 s.</summary>
public sealed class FailoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private NodeCluster? _cluster;
    private EdgeProcess? _edge;

    private NodeCluster Cluster => _cluster!;

    private EdgeProcess Edge => _edge!;

    public async Task InitializeAsync()
    {
        _cluster = await NodeCluster.StartAsync();
        _edge = await EdgeProcess.StartAsync(_cluster.Redis.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        output.WriteLine($"edge\n{Edge.Output}\n\n{Cluster.Log()}");
        await Edge.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    [Fact]
    public async Task Failover_WhenANodeIsKilled_ItsClientsEndAndNobodyMeetsItAgain()
    {
        await using var dead = Cluster.Take(0);
        var clients = await ConnectAsync(9);
        await dead.KillAsync();

        foreach (var client in clients.Where(client => client.Node == dead.Id))
        {
            await client.ClosedAsync();
        }

        Assert.Contains(clients, client => client.Node == dead.Id);
        Assert.DoesNotContain(await ConnectAsync(12), client => client.Node == dead.Id);
        Assert.All(clients.Where(client => client.Node != dead.Id), client => Assert.False(client.Ended.IsCompleted));
    }

    [Fact]
    public async Task Failover_WhenANodeStops_NoConnectFails()
    {
        await using var stopping = Cluster.Take(0);
        var clients = await ConnectAsync(6);
        var stop = stopping.StopAsync(TimeSpan.FromSeconds(25));

        List<ChatClient> meanwhile = [];
        while (!stop.IsCompleted)
        {
            meanwhile.AddRange(await ConnectAsync(1));
        }

        await stop;
        meanwhile.AddRange(await ConnectAsync(3));
        Assert.DoesNotContain(meanwhile.TakeLast(3), client => client.Node == stopping.Id);
        foreach (var client in clients.Where(client => client.Node == stopping.Id))
        {
            Assert.Equal(1012, (await client.ClosedAsync()).Code);
        }
    }

    [Fact]
    public async Task Failover_WhenANodeHangs_ConnectsMoveOn()
    {
        var hanging = Cluster.Nodes[0];
        hanging.Signal(ChildProcess.SigStop);
        try
        {
            Assert.DoesNotContain(await ConnectAsync(6), client => client.Node == hanging.Id);
        }
        finally
        {
            hanging.Signal(ChildProcess.SigCont);
        }
    }

    [Fact]
    public async Task Join_OfANewNode_BringsItTrafficWithinThreeSeconds()
    {
        await ConnectAsync(6);
        await Cluster.AddAsync();
        var started = TimeProvider.System.GetTimestamp();

        // The new one has the fewest connections.
        while ((await ConnectAsync(1))[0].Node != Cluster.Nodes[^1].Id)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(3));
        }
    }

    [Fact]
    public async Task RedisAway_TheEdgeKeepsItsNodes_AndAllAreThereWhenItIsBackEmpty()
    {
        var clients = await ConnectAsync(6);
        await Cluster.Redis.KillAsync();
        await Cluster.UntilHealthAsync(isHealthy: false, TimeSpan.FromSeconds(5));

        Assert.Equal(200, await StatusAsync("health"));
        Assert.Equal(400, await StatusAsync("chat/user/1")); // a node's answer to a plain GET
        await Cluster.Redis.RestartAsync();
        await Cluster.UntilHealthAsync(isHealthy: true, TimeSpan.FromSeconds(15));

        // Each comes back into rotation with its next probe.
        var started = TimeProvider.System.GetTimestamp();
        while ((await ConnectAsync(3)).Select(client => client.Node).Distinct().Count() < 3)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
        }

        Assert.DoesNotContain(clients, client => client.Ended.IsCompleted);
    }

    [Fact]
    public async Task EdgeStopping_WithOpenWebSockets_EndsWithinFiveSeconds()
    {
        var clients = await ConnectAsync(3);

        await Edge.StopAsync(TimeSpan.FromSeconds(5));

        foreach (var client in clients)
        {
            await client.ClosedAsync();
        }
    }

    private async Task<List<ChatClient>> ConnectAsync(int count)
    {
        List<ChatClient> clients = [];
        for (var i = 0; i < count; i++)
        {
            clients.Add(await Edge.ConnectAsync($"/chat/user/{Guid.NewGuid():N}"));
        }

        return clients;
    }

    private async Task<int> StatusAsync(string path)
    {
        using var answer = await Edge.Http.GetAsync(path);
        return (int)answer.StatusCode;
    }
}
