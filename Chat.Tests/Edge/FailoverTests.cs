using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Edge;

/// <summary>What clients see through the edge while nodes and Redis come and go.</summary>
[Collection(FailoverGroup.Name)]
public sealed class FailoverTests(FailoverCluster cluster, ITestOutputHelper output) : IDisposable
{
    public void Dispose() => output.WriteLine($"edge\n{cluster.Edge.Output}\n\n{cluster.Nodes.Log()}");

    [Fact]
    public async Task Failover_WhenANodeIsKilled_ItsClientsEndAndNobodyMeetsItAgain()
    {
        await using var dead = await cluster.AddNodeToEndAsync();
        var clients = await cluster.ConnectAsync(9);
        await dead.KillAsync();

        foreach (var client in clients.Where(client => client.Node == dead.Id))
        {
            await client.ClosedAsync();
        }

        Assert.Contains(clients, client => client.Node == dead.Id);
        Assert.DoesNotContain(await cluster.ConnectAsync(9), client => client.Node == dead.Id);
        Assert.All(clients.Where(client => client.Node != dead.Id), client => Assert.False(client.Ended.IsCompleted));
    }

    [Fact]
    public async Task Failover_WhenANodeStops_NoConnectFails()
    {
        await using var stopping = await cluster.AddNodeToEndAsync();
        var clients = await cluster.ConnectAsync(9);
        var stop = stopping.StopAsync(TimeSpan.FromSeconds(25));

        while (!stop.IsCompleted)
        {
            await cluster.ConnectAsync();
        }

        await stop;
        Assert.DoesNotContain(await cluster.ConnectAsync(3), client => client.Node == stopping.Id);
        Assert.Contains(clients, client => client.Node == stopping.Id);
        foreach (var client in clients.Where(client => client.Node == stopping.Id))
        {
            Assert.Equal(1012, (await client.ClosedAsync()).Code);
        }
    }

    [Fact]
    public async Task Failover_WhenANodeHangs_ConnectsMoveOn()
    {
        await using var hanging = await cluster.AddNodeToEndAsync();
        hanging.Pause();

        Assert.DoesNotContain(await cluster.ConnectAsync(6), client => client.Node == hanging.Id);
    }

    [Fact]
    public Task Join_OfANewNode_BringsItTraffic() => cluster.AddNodeAsync();

    [Fact]
    public async Task RedisAway_TheEdgeKeepsItsNodes_AndAllAreThereWhenItIsBackEmpty()
    {
        var clients = await cluster.ConnectAsync(6);
        await cluster.Nodes.Redis.KillAsync();
        await cluster.Nodes.UntilHealthAsync(isHealthy: false, ChatClient.Deadline);

        Assert.Equal(200, await StatusAsync("health"));
        Assert.Equal(400, await StatusAsync("chat/user/1")); // a node's answer to a plain GET
        await cluster.Nodes.Redis.RestartAsync();
        await cluster.Nodes.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);

        // Each node comes back into rotation with its next probe.
        var count = cluster.Nodes.Nodes.Count;
        var started = TimeProvider.System.GetTimestamp();
        while ((await cluster.ConnectAsync(count)).Select(client => client.Node).Distinct().Count() < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < ChatClient.Deadline);
        }

        Assert.DoesNotContain(clients, client => client.Ended.IsCompleted);
    }

    private async Task<int> StatusAsync(string path)
    {
        using var answer = await cluster.Edge.Http.GetAsync(path);
        return (int)answer.StatusCode;
    }
}
