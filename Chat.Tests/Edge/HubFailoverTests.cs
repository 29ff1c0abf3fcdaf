using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Edge;

/// <summary>What hub clients, on each of their transports, see through the edge when their node goes.</summary>
public sealed class HubFailoverTests(FailoverCluster cluster, ITestOutputHelper output) : IClassFixture<FailoverCluster>, IDisposable
{
    public void Dispose() => output.WriteLine($"edge\n{cluster.Edge.Output}\n\n{cluster.Nodes.Log()}");

    [Theory]
    [InlineData(HubTransport.LongPolling)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.NegotiatedWebSockets)]
    public async Task Failover_WhenItsNodeIsKilled_AClientComesBackOnAnother(HubTransport transport)
    {
        await using var node = await cluster.AddNodeToEndAsync();
        await using var client = await ConnectToAsync(node, transport);

        await node.KillAsync();

        await AssertBackAsync(client, node);
    }

    [Theory]
    [InlineData(HubTransport.LongPolling)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.NegotiatedWebSockets)]
    public async Task Failover_WhenItsNodeStops_AClientComesBackOnAnother_BeforeThatIsGone(HubTransport transport)
    {
        await using var node = await cluster.AddNodeToEndAsync();
        await using var client = await ConnectToAsync(node, transport);
        var started = TimeProvider.System.GetTimestamp();

        var stop = node.StopAsync(TimeSpan.FromSeconds(25));

        await AssertBackAsync(client, node);
        output.WriteLine($"back after {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        await stop;
        output.WriteLine($"stopped after {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:F0} ms");
    }

    [Fact]
    public async Task Failover_WhenItsNodeHangs_APollEndsWithTheLease()
    {
        await using var node = await cluster.AddNodeToEndAsync();
        await using var client = await ConnectToAsync(node, HubTransport.LongPolling);

        node.Pause();

        await AssertBackAsync(client, node);
    }

    private static async Task AssertBackAsync(HubDotNetClient client, NodeProcess node)
    {
        await client.ReconnectedAsync();
        Assert.NotEqual(node.Id, client.Node);
        Assert.True((await client.PostAsync("first", "back")).Offset > 0);
    }

    private async Task<HubDotNetClient> ConnectToAsync(NodeProcess node, HubTransport transport)
    {
        List<HubDotNetClient> others = []; // kept until then, so that the edge comes to prefer this node
        try
        {
            while (others.Count < 20)
            {
                var client = await HubDotNetClient.ConnectAsync(
                    cluster.Edge.Address, $"anna{others.Count}", transport, new HubClientOptions { Reconnects = true, Resumes = true });
                if (client.Node == node.Id)
                {
                    return client;
                }

                others.Add(client);
            }

            throw new InvalidOperationException($"The edge put 20 clients in a row onto other nodes than {node.Id}.");
        }
        finally
        {
            await Task.WhenAll(others.Select(client => client.DisposeAsync().AsTask()));
        }
    }
}
