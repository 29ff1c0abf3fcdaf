using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Edge;

/// <summary>What hub clients on each transport see through the edge when their node fails or stops.</summary>
[Collection(FailoverGroup.Name)]
public sealed class HubFailoverTests(FailoverCluster cluster, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly HubTransport[] Transports = [HubTransport.LongPolling, HubTransport.ServerSentEvents, HubTransport.NegotiatedWebSockets];

    private readonly List<HubDotNetClient> _clients = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_clients.Select(client => client.DisposeAsync().AsTask()));
        output.WriteLine($"edge\n{cluster.Edge.Output}\n\n{cluster.Nodes.Log()}");
    }

    [Fact]
    public async Task Failover_WhenTheirNodeIsKilled_ClientsOfEachTransportComeBackOnAnother()
    {
        await using var node = await cluster.AddNodeToEndAsync();
        await ConnectToAsync(node, Transports);

        await node.KillAsync();

        await AssertBackAsync(node);
    }

    [Fact]
    public async Task Failover_WhenTheirNodeStops_ClientsOfEachTransportComeBackOnAnother_BeforeThatIsGone()
    {
        await using var node = await cluster.AddNodeToEndAsync();
        await ConnectToAsync(node, Transports);
        var started = TimeProvider.System.GetTimestamp();

        var stop = node.StopAsync(TimeSpan.FromSeconds(25));

        await AssertBackAsync(node);
        output.WriteLine($"back after {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        await stop;
        output.WriteLine($"stopped after {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:F0} ms");
    }

    [Fact]
    public async Task Failover_WhenItsNodeHangs_APollEndsWithTheLease()
    {
        await using var node = await cluster.AddNodeToEndAsync();
        await ConnectToAsync(node, HubTransport.LongPolling);

        node.Pause();

        await AssertBackAsync(node);
    }

    private async Task AssertBackAsync(NodeProcess node)
    {
        foreach (var client in _clients)
        {
            await client.ReconnectedAsync();
            Assert.NotEqual(node.Id, client.Node);
            Assert.True((await client.PostAsync("first", "back")).Offset > 0);
        }
    }

    private async Task ConnectToAsync(NodeProcess node, params HubTransport[] transports)
    {
        foreach (var transport in transports)
        {
            _clients.Add(await ConnectOneAsync(node, transport));
        }
    }

    private async Task<HubDotNetClient> ConnectOneAsync(NodeProcess node, HubTransport transport)
    {
        List<HubDotNetClient> others = []; // kept until then, so that the edge comes to prefer this node
        try
        {
            while (others.Count < 20)
            {
                var client = await HubDotNetClient.ConnectAsync(
                    cluster.Edge.Address, $"{transport}{others.Count}", transport, new HubClientOptions { Reconnects = true, Resumes = true });
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
