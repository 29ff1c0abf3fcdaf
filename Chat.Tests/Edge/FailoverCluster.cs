using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Nodes with leases of 2 s and an edge, all real processes, which the failover tests break and repair.</summary>
public sealed class FailoverCluster : IAsyncLifetime
{
    private NodeCluster? _nodes;
    private EdgeProcess? _edge;

    internal NodeCluster Nodes => _nodes!;

    internal EdgeProcess Edge => _edge!;

    public async Task InitializeAsync()
    {
        _nodes = await NodeCluster.StartAsync(nodes: 2, settings: ("Auth:SecurityKey", TestToken.Key));
        _edge = await EdgeProcess.StartAsync(_nodes.Redis.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_nodes?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>Starts a further node. Returns once the edge has sent a client to it.</summary>
    internal async Task AddNodeAsync()
    {
        await Nodes.AddAsync();
        var node = Nodes.Nodes[^1];
        var started = TimeProvider.System.GetTimestamp();
        while (await ConnectAsync() is var client && client.Node != node.Id)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < ChatClient.Deadline, $"{node.Id} gets no clients:\n{Edge.Output}");
        }
    }

    /// <summary>As <see cref="AddNodeAsync"/>, but the caller has to end the node.</summary>
    internal async Task<NodeProcess> AddNodeToEndAsync()
    {
        await AddNodeAsync();
        return Nodes.Take(Nodes.Nodes.Count - 1);
    }

    internal Task<ChatClient> ConnectAsync() => Edge.ConnectAsync($"/chat/user/{Guid.NewGuid():N}");

    internal async Task<List<ChatClient>> ConnectAsync(int count)
    {
        List<ChatClient> clients = [];
        while (clients.Count < count)
        {
            clients.Add(await ConnectAsync());
        }

        return clients;
    }
}

/// <summary>Tests that end only the nodes that they have added.</summary>
[CollectionDefinition(Name)]
public sealed class FailoverGroup : ICollectionFixture<FailoverCluster>
{
    public const string Name = "nodes that end behind an edge";
}
