using Chat.Sockets.Clients;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
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
}
