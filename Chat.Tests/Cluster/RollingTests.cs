using Chat.Tests.Edge;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>All nodes are replaced while clients write and read through the edge. Afterwards connections even out.</summary>
public sealed class RollingTests : IAsyncLifetime
{
    private const int Clients = 36;
    private const int PerSecond = 250;

    private NodeCluster? _cluster;
    private EdgeProcess? _edge;

    private NodeCluster Cluster => _cluster!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task AllNodes_ReplacedUnderLoad_LoseNothing_AndKeepEvenShares()
    {
        await StartAsync(nodes: 3);
        var clients = await JoinAsync();
        using var traffic = new Traffic(clients, PerSecond);
        await traffic.UntilAsync(200);

        for (var i = 0; i < 3; i++)
        {
            await Cluster.AddAsync();
            var old = Cluster.Take(0);
            await old.StopAsync(within: TimeSpan.FromSeconds(25));
            await traffic.UntilAsync(100);
            Assert.All(clients.SelectMany(client => client.Closings), closing => Assert.Equal(new Closing(1012, "draining"), closing));
            await old.DisposeAsync();
        }

        await traffic.StopAsync();
        await traffic.AssertNothingMissingAsync();
        Assert.All(clients, client => Assert.InRange(client.Resumes, 0, 3));

        // No node has more than 1.3 times as many as another, except for one client on its way.
        await UntilAsync(clients, counts => counts.Max() <= (1.3 * counts.Min()) + 1);
    }

    [Fact]
    public async Task Nodes_AddedToAFullOne_GetTheirShare_WhereRebalancingIsOn()
    {
        await StartAsync(nodes: 1, ("Chat:Connections:RebalancePerSecond", "20"));
        var clients = await JoinAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => HubDotNetClient.ConnectAsync(_edge!.Address, $"s{i}", HubTransport.ServerSentEvents)));
        using var traffic = new Traffic(clients, PerSecond);
        await traffic.UntilAsync(100);

        await Cluster.AddAsync(2);

        // A node may keep five more than its share. It does so if the third node comes a moment after the second.
        await UntilAsync(clients, counts => counts.Max() <= ((Clients + streams.Length) / 3) + 5);

        await traffic.UntilAsync(100);
        await traffic.StopAsync();
        await traffic.AssertNothingMissingAsync();
        Assert.All(clients.SelectMany(client => client.Closings), closing => Assert.Equal(new Closing(1012, "rebalancing"), closing));
        Assert.All(streams, stream => Assert.False(stream.Ended.IsCompleted, stream.Condition)); // the edge would bring them back to the same node, again and again
        await Task.WhenAll(streams.Select(stream => stream.DisposeAsync().AsTask()));
    }

    private async Task StartAsync(int nodes, params (string Key, string Value)[] settings)
    {
        _cluster = await NodeCluster.StartAsync(
            nodes, persists: false, [.. Unlimited.Sending, ("Chat:Connections:DrainTime", "00:00:01"), ("Chat:Backplane:Group:Messages", "100000"), .. settings]);
        _edge = await EdgeProcess.StartAsync(Cluster.Redis.ConnectionString);
    }

    private async Task<ResumingClient[]> JoinAsync()
    {
        var clients = Enumerable.Range(0, Clients).Select(i => new ResumingClient(() => _edge!.Address, $"/chat/group/rolling/c{i}")).ToArray();
        await Task.WhenAll(clients.Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        return clients;
    }

    private async Task UntilAsync(ResumingClient[] clients, Predicate<List<int>> areEven)
    {
        List<int> counts = [];
        try
        {
            await Eventually.TrueAsync(() =>
            {
                counts = [.. Cluster.Nodes.Select(node => clients.Count(client => client.Node == node.Id))];
                return counts.Sum() == Clients && areEven(counts);
            });
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Uneven: {string.Join(", ", counts)}");
        }
    }
}
