using System.Net;
using Chat.Api.WebSockets;
using Chat.Tests.Auth;
using Chat.Tests.Cluster;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Edge;

/// <summary>Healthy nodes, which the tests do not disturb for long.</summary>
public sealed class StoppingCluster() : NodeClusterFixture(
    nodes: 2, persists: false,
    [.. Unlimited.Sending, ("Auth:SecurityKey", TestToken.Key), ("Chat:Connections:DrainTime", "00:00:01"), ("Chat:Connections:PerUser", "0"), ("Chat:Backplane:Group:Messages", "100000")]);

/// <summary>An edge that stops leaves no client behind: the nodes, which are healthy, send each client to another edge in its own protocol.</summary>
public sealed class EdgeStopTests(StoppingCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<StoppingCluster>, IAsyncLifetime
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(25);
    private static readonly Closing Drained = new(1012, "edge draining");

    private readonly List<IAsyncDisposable> _all = [];
    private EdgeProcess? _edge;

    private EdgeProcess Edge => _edge!;

    public async Task InitializeAsync() => _edge = await StartEdgeAsync();

    public Task DisposeAsync() => Task.WhenAll(_all.Select(one => one.DisposeAsync().AsTask()));

    /// <summary>Once all clients saw their connection break (1006), and messages on their way to text clients were lost.</summary>
    [Fact]
    public async Task Edge_ThatStops_HasEveryConnectionEndedProperly_AndItsClientsComeBackThroughTheOther()
    {
        var other = await StartEdgeAsync();
        var door = Edge; // the edge to which a load balancer sends new clients
        var text = await ConnectAsync(12, i => $"/chat/group/stop/t{i}");
        var json = await ConnectAsync(12, i => $"/chat/group/stop/j{i}?format=json");
        HubTransport[] transports = [HubTransport.WebSockets, HubTransport.NegotiatedWebSockets, HubTransport.ServerSentEvents, HubTransport.LongPolling];
        var hubs = await ConnectHubsAsync(transports, "once", new HubClientOptions());
        var loyal = await ConnectHubsAsync(transports, "loyal", new HubClientOptions { Reconnects = true, Resumes = true }, () => door.Address);
        var members = Enumerable.Range(0, 8).Select(i => new ResumingClient(() => door.Address, $"/chat/group/traffic/m{i}")).ToArray();
        await Task.WhenAll(members.Select(member => member.Subscribed)).WaitAsync(ChatClient.Deadline);
        using var traffic = new Traffic(members);
        await traffic.UntilAsync(100);

        door = other;
        await Edge.StopAsync(Within);

        foreach (var client in text)
        {
            Assert.Equal(Drained, await client.ClosedAsync());
        }

        foreach (var client in json)
        {
            Assert.InRange((await client.NextFrameAsync("reconnect")).AfterMs!.Value, 0, 1000);
            Assert.Equal(Drained, await client.ClosedAsync());
        }

        foreach (var hub in hubs)
        {
            Assert.Matches("edge draining|1012", await hub.ClosedAsync()); // SignalR's own message, or the close frame after it
        }

        await Task.WhenAll(loyal.Select(hub => hub.ReconnectedAsync()));
        await traffic.UntilAsync(100);
        await traffic.StopAsync();
        await traffic.AssertNothingMissingAsync();
        Assert.All(members, member => Assert.Equal([Drained], member.Closings));
        Assert.DoesNotContain("cut off", Edge.Output, StringComparison.Ordinal);
        foreach (var hub in loyal)
        {
            await hub.PostAsync("stop", "through the other");
        }
    }

    /// <summary>The edge asks the nodes directly, since Redis may be the very thing that is down.</summary>
    [Fact]
    public async Task Edge_ThatStopsWhileRedisIsAway_HasItsConnectionsEndedAllTheSame()
    {
        var clients = await ConnectAsync(8, i => $"/chat/user/u{i}");
        Cluster.Redis.Pause();
        try
        {
            await Edge.StopAsync(Within);
        }
        finally
        {
            Cluster.Redis.Resume();
            await Cluster.UntilHealthAsync(isHealthy: true, Within);
        }

        foreach (var client in clients)
        {
            Assert.Equal(Drained, await client.ClosedAsync());
        }
    }

    [Fact]
    public async Task Edge_ThatIsToStop_IsNotReady_AndLetsInWhoComesAllTheSame_UntilItIsAskedAgain()
    {
        var edge = await StartEdgeAsync(stopDelay: "00:00:10");
        await using var client = await edge.ConnectAsync("/chat/user/early");

        edge.Signal(ChildProcess.SigTerm);
        await edge.UntilAsync("health", answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable, Within);
        Assert.Contains("\"edge\":\"draining\"", await (await edge.Http.GetAsync("health")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await using var late = await edge.ConnectAsync("/chat/user/late");
        await edge.StopAsync(within: TimeSpan.FromSeconds(8));

        Assert.Equal(1006, (await client.ClosedAsync()).Code); // a second signal leaves no time for a proper close
        Assert.Contains("2 connections did not end in time", edge.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edge_ThatStops_LetsNobodyNewIn_WhileItWaitsForOthers()
    {
        await using var stubborn = await RawWebSocket.ConnectAsync(Edge.Address, "/chat/user/stubborn"); // never answers the close frame
        Edge.Signal(ChildProcess.SigTerm);
        Assert.Equal(1012, (await stubborn.ReadAsync(WebSocketOpcode.Close)).CloseCode);

        var refused = await RawHttp.SendAsync(Edge.Address, "/chat/user/new", RawHttp.Upgrade());

        Assert.Equal(503, RawHttp.Status(refused));
        Assert.Contains("this edge is stopping", refused, StringComparison.Ordinal);
        Assert.Matches("Retry-After: [1-5]\r", refused);
        Assert.Contains("Connection: close", await RawHttp.SendAsync(Edge.Address, "/api/nodes"), StringComparison.Ordinal);
    }

    /// <summary>Both stop at once, as in a deployment that replaces everything. The client is told, no matter which of the two tells it first.</summary>
    [Fact]
    public async Task Edge_ThatStopsWhileANodeStops_CutsNobodyOff()
    {
        await Cluster.AddAsync();
        var node = Cluster.Take(Cluster.Nodes.Count - 1);
        _all.Add(node);
        await Eventually.TrueAsync(async () => (await ConnectAsync(1, _ => $"/chat/user/{Guid.NewGuid():N}"))[0].Node == node.Id);
        var clients = await ConnectAsync(40, i => $"/chat/user/u{i}");

        await Task.WhenAll(Edge.StopAsync(Within), node.StopAsync(Within));

        Assert.All(await Task.WhenAll(clients.Select(client => client.ClosedAsync())), closing => Assert.Equal(1012, closing.Code));
    }

    private async Task<EdgeProcess> StartEdgeAsync(string stopDelay = "00:00:00")
    {
        var edge = await EdgeProcess.StartAsync(Cluster.Redis.ConnectionString, ("Edge:StopDelay", stopDelay));
        _all.Add(edge);
        return edge;
    }

    private async Task<ChatClient[]> ConnectAsync(int count, Func<int, string> path)
    {
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(i => Edge.ConnectAsync(path(i))));
        _all.AddRange(clients);
        return clients;
    }

    private async Task<HubDotNetClient[]> ConnectHubsAsync(HubTransport[] transports, string name, HubClientOptions options, Func<Uri>? server = null)
    {
        var hubs = await Task.WhenAll(transports.Select((transport, i) =>
            HubDotNetClient.ConnectAsync(server ?? (() => Edge.Address), $"{name}{i}", transport, options)));
        _all.AddRange(hubs);
        await Task.WhenAll(hubs.Select(hub => hub.JoinAsync("stop")));
        return hubs;
    }
}
