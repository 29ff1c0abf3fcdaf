using Chat.Sockets.Clients;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
using Edge.Proxy.Relay;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>WebSockets that YARP copies.</summary>
public sealed class CopiedWebSocketTests
{
    /// <summary>The node had long ended the connection, which YARP does not see while it cannot write. Two sockets once stayed open for an hour.</summary>
    [Fact]
    public async Task Client_ThatTakesNothingForAMinute_IsCutOff()
    {
        var time = new ManualTimeProvider();
        await using var node = new TcpNode();
        await using var edge = await EdgeHost.StartAsync(time, ("Edge:Relay", "false"));
        edge.Set(node.Node);
        using var client = await TcpPeer.ConnectAsync(edge.Address, receiveBuffer: 4096);
        await client.SendAsync(TcpPeer.Request);
        var (peer, _) = await node.AskedAsync();
        await peer.SendAsync(TcpPeer.Accepted);
        await client.ReadHeadAsync();
        Assert.True(peer.Fill(new byte[50_000_000]) < 50_000_000, "Everything was taken.");
        peer.Dispose();

        Assert.Equal(1, edge.Get<EdgeCapacity>().Carried);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(1, edge.Get<EdgeCapacity>().Carried);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return edge.Get<EdgeCapacity>().Carried == 0 && edge.Get<ClientConnections>().Open == 0;
        });
    }

    /// <summary>It once stayed in the list of the second node for as long as the edge ran.</summary>
    [Fact]
    public async Task Client_ThatAnotherNodeTakes_IsForgottenWhenItGoes()
    {
        await using var some = new TcpNode();
        await using var other = new TcpNode();
        await using var edge = await EdgeHost.StartAsync(new ManualTimeProvider(), ("Edge:Relay", "false"));
        edge.Set(some.Node with { Id = "some" }, other.Node with { Id = "other" });
        var copies = edge.Get<CopiedUpgrades>();
        using var client = await TcpPeer.ConnectAsync(edge.Address);
        await client.SendAsync(TcpPeer.Request);
        var (first, second) = (some.AskedAsync(), other.AskedAsync());
        if (await Task.WhenAny(first, second) == second)
        {
            (first, second) = (second, first);
        }

        using var busy = (await first).Peer;
        await busy.SendAsync("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        using var node = (await second).Peer;
        await node.SendAsync(TcpPeer.Accepted);
        await client.ReadHeadAsync();
        Assert.Single(copies.Nodes());

        client.Dispose();

        await Eventually.TrueAsync(() => edge.Get<EdgeCapacity>().Carried == 0);
        Assert.Empty(copies.Nodes());
    }
}
