using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>A node that hangs (SIGSTOP) gives its clients no service, on connections that stay open.</summary>
public sealed class LostNodeTests : IAsyncLifetime
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30); // the lease, the edge's patience, and a pause of the client: 8 s

    private NodeCluster? _cluster;
    private EdgeProcess? _edge;
    private EdgeProcess? _copying; // leaves WebSockets to YARP, as every edge does over HTTP/2

    public async Task InitializeAsync()
    {
        _cluster = await NodeCluster.StartAsync(nodes: 2, persists: false, ("Chat:Nodes:Heartbeat", "00:00:00.5"), ("Chat:Nodes:Lease", "00:00:03"));
        var redis = _cluster.Redis.ConnectionString;
        await Task.WhenAll(Task.Run(async () => _edge = await EdgeProcess.StartAsync(redis)), Task.Run(async () => _copying = await EdgeProcess.StartAsync(redis, ("Edge:Relay", "false"))));
    }

    public async Task DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_copying?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>Clients once stayed on such a node for as long as it hung: nothing ends a silent TCP connection.</summary>
    [Fact]
    public async Task Node_ThatHangs_KeepsItsClientsForAMoment_AndLosesThemToAnotherWhenItsLeaseHasEnded()
    {
        var clients = Enumerable.Range(0, 12).Select(i => new ResumingClient(() => _edge!.Address, $"/chat/group/hangs/c{i}")).ToArray();
        var copied = Enumerable.Range(0, 4).Select(i => new ResumingClient(() => _copying!.Address, $"/chat/group/hangs/d{i}")).ToArray();
        await Task.WhenAll(clients.Concat(copied).Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        var (hangs, other) = (_cluster!.Nodes[0], _cluster.Nodes[1]);
        var there = clients.Where(client => client.Node == hangs.Id).ToList();
        Assert.InRange(there.Count, 4, 8);
        var copiedThere = copied.Where(client => client.Node == hangs.Id).ToList();
        Assert.InRange(copiedThere.Count, 1, 3);

        hangs.Pause();
        var published = there[0].PublishAsync("in-the-pause", "x");
        await clients.First(client => client.Node == other.Id).PublishAsync("meanwhile", "x");
        hangs.Signal(ChildProcess.SigCont);
        await published.WaitAsync(Within);
        Assert.All(clients.Concat(copied), client => Assert.Empty(client.Closings));

        hangs.Pause();
        await Task.WhenAll(there.Concat(copiedThere).Select(client => client.UntilResumedAsync(1, Within)));
        Assert.All(there, client => Assert.Equal([new Closing(1012, "node lost")], client.Closings));
        Assert.All(copiedThere, client => Assert.Equal([new Closing(1006, "")], client.Closings));
        Assert.All(clients.Concat(copied), client => Assert.Equal(other.Id, client.Node));
        await there[0].PublishAsync("elsewhere", "x").WaitAsync(Within);
        Assert.Contains($"Node {hangs.Id} has disappeared", _edge!.Output, StringComparison.Ordinal);
        hangs.Signal(ChildProcess.SigCont);
        await Task.WhenAll(clients.Concat(copied).Select(client => client.DisposeAsync().AsTask()));
    }
}
