using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>A node that hangs (SIGSTOP) gives its clients no service, on connections that stay open.</summary>
public sealed class LostNodeTests : IAsyncLifetime
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30); // the lease, the edge's patience, and a pause of the client: 8 s

    private NodeCluster? _cluster;
    private EdgeProcess? _edge;

    public async Task InitializeAsync()
    {
        _cluster = await NodeCluster.StartAsync(nodes: 2, persists: false, ("Chat:Nodes:Heartbeat", "00:00:00.5"), ("Chat:Nodes:Lease", "00:00:03"));
        _edge = await EdgeProcess.StartAsync(_cluster.Redis.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>Clients once stayed on such a node for as long as it hung: nothing ends a silent TCP connection.</summary>
    [Fact]
    public async Task Node_ThatHangs_KeepsItsClientsForAMoment_AndLosesThemToAnotherWhenItsLeaseHasEnded()
    {
        var clients = Enumerable.Range(0, 12).Select(i => new ResumingClient(() => _edge!.Address, $"/chat/group/hangs/c{i}")).ToArray();
        await Task.WhenAll(clients.Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        var (hangs, other) = (_cluster!.Nodes[0], _cluster.Nodes[1]);
        var there = clients.Where(client => client.Node == hangs.Id).ToList();
        Assert.InRange(there.Count, 4, 8);

        hangs.Pause();
        var published = there[0].PublishAsync("in-the-pause", "x");
        await clients.First(client => client.Node == other.Id).PublishAsync("meanwhile", "x");
        hangs.Signal(ChildProcess.SigCont);
        await published.WaitAsync(Within);
        Assert.All(clients, client => Assert.Empty(client.Closings));

        hangs.Pause();
        await Task.WhenAll(there.Select(client => client.UntilResumedAsync(1, Within)));
        Assert.All(there, client => Assert.Equal([new Closing(1012, "node lost")], client.Closings));
        Assert.All(clients, client => Assert.Equal(other.Id, client.Node));
        await there[0].PublishAsync("elsewhere", "x").WaitAsync(Within);
        Assert.Contains($"Node {hangs.Id} has disappeared", _edge!.Output, StringComparison.Ordinal);
        hangs.Signal(ChildProcess.SigCont);
        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
    }
}
