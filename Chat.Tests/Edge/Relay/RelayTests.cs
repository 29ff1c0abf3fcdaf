using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using Chat.Sockets.Clients;
using Chat.Tests.Support;
using Edge.Proxy.Capacity;
using Edge.Proxy.Relay;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>Bytes that are sent after an upgrade arrive at the other end, all of them and in order, and the end arrives as it was made.</summary>
public class RelayTests : RelayTest
{
    private static readonly byte[] Much = [.. Enumerable.Range(0, 10_000_000).Select(i => (byte)(i * 2654435761L >> 13))];

    [Fact]
    public async Task Bytes_GoBothWays()
    {
        var (client, node) = await UpgradeAsync();

        await client.SendAsync("from the client");
        Assert.Equal("from the client", await node.ReadAsync(15));
        await node.SendAsync("from the node");
        Assert.Equal("from the node", await client.ReadAsync(13));
    }

    [Fact]
    public async Task Frames_InOneSegmentWithTheUpgrade_ReachTheClient()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(TcpPeer.Request);
        var (node, _) = await Node.AskedAsync();

        await node.SendAsync(TcpPeer.Accepted + "first frame");

        await client.ReadHeadAsync();
        Assert.Equal("first frame", await client.ReadAsync(11));
    }

    // The last of these is more than the edge reads in advance.
    [Theory]
    [InlineData(1)]
    [InlineData(5_000)]
    [InlineData(300_000)]
    public async Task Frames_RightBehindTheRequest_ReachTheNode(int count)
    {
        using var client = await ConnectAsync();
        var frames = Encoding.Latin1.GetString(Much, 0, count);
        var sending = client.SendAsync(TcpPeer.Request + frames);
        var (node, _) = await Node.AskedAsync();

        await node.SendAsync(TcpPeer.Accepted);

        Assert.Equal(frames, await node.ReadAsync(count));
        await sending;
    }

    [Fact]
    public async Task Heads_ThatComeByteByByte_AreUnderstood()
    {
        using var client = await ConnectAsync();
        foreach (var one in TcpPeer.Request)
        {
            await client.SendAsync(one.ToString());
        }

        var (node, _) = await Node.AskedAsync();
        foreach (var one in TcpPeer.Accepted)
        {
            await node.SendAsync(one.ToString());
        }

        await client.ReadHeadAsync();
        await node.SendAsync("x");
        Assert.Equal("x", await client.ReadAsync(1));
    }

    [Fact]
    public async Task TenMegabytes_BothWaysAtOnce_ArriveAsTheyWereSent()
    {
        var (client, node) = await UpgradeAsync();

        await Task.WhenAll(SendAsync(client), SendAsync(node), ReceiveAsync(client), ReceiveAsync(node));

        static async Task SendAsync(TcpPeer peer)
        {
            await peer.SendAsync(Much);
            peer.EndSending();
        }

        static async Task ReceiveAsync(TcpPeer peer) => Assert.True((await peer.ReadToEndAsync()).AsSpan().SequenceEqual(Much));
    }

    /// <summary>Otherwise each idle connection would keep its request's memory, some 15 KiB, as it does with TLS.</summary>
    [Fact]
    public async Task Connection_ThatIsRelayed_IsOverForTheServer_AndCountsUntilItEnds()
    {
        using var server = new ServerConnections(Edge.Get<IMeterFactory>());
        var peers = new[] { await UpgradeAsync(), await UpgradeAsync() };

        await Eventually.TrueAsync(() => server.Begun == 2 && server.Open == (IsTls ? 2 : 0));
        Assert.Equal(2, Edge.Get<EdgeCapacity>().Carried);
        Assert.Equal(2, Edge.Get<ClientConnections>().Open);

        foreach (var (client, _) in peers)
        {
            client.Reset();
        }

        await Eventually.TrueAsync(() => Edge.Get<EdgeCapacity>().Carried == 0 && Edge.Get<ClientConnections>().Open == 0);
    }

    // The edge reads no more than the other side takes.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_ThatDoesNotRead_StopsTheWriter_AndThenGetsAll(bool isClient)
    {
        var (client, node) = await UpgradeAsync(receiveBuffer: 32 * 1024);
        var (writer, reader) = isClient ? (node, client) : (client, node);

        var sent = FillUp(writer);
        writer.EndSending();
        var all = await reader.ReadToEndAsync();
        Assert.Equal(sent, all.Length);
        for (var at = 0; at < sent; at += Much.Length)
        {
            Assert.True(all.AsSpan(at, Math.Min(Much.Length, sent - at)).SequenceEqual(Much.AsSpan(0, Math.Min(Much.Length, sent - at))));
        }
    }

    [Fact]
    public async Task Client_ThatEndsSending_StillHearsTheNodesLastWords()
    {
        var (client, node) = await UpgradeAsync();

        await client.SendAsync("bye");
        client.EndSending();
        Assert.Equal("bye", Encoding.Latin1.GetString(await node.ReadToEndAsync()));
        await node.SendAsync("bye bye");
        node.Dispose();

        Assert.Equal("bye bye", Encoding.Latin1.GetString(await client.ReadToEndAsync()));
    }

    [Fact]
    public async Task Client_ThatEndsWhileItsNodeReadsNothing_HasAllItSentDelivered()
    {
        var (client, node) = await UpgradeAsync();
        var sent = FillUp(client);

        client.EndSending();

        Assert.Equal(sent, (await node.ReadToEndAsync()).Length);
        await node.SendAsync("all of it");
        Assert.Equal("all of it", await client.ReadAsync(9));
    }

    // If the edge closed its connection at once, the system would answer the client's bytes with a reset, which discards what the client has not read yet.
    [Fact]
    public async Task Node_ThatEnds_IsHeardByAClientThatIsStillSending()
    {
        var (client, node) = await UpgradeAsync();

        await node.SendAsync(Much.AsMemory(0, 100_000));
        node.EndSending();
        await client.SendAsync(Much.AsMemory(0, 100_000));
        node.Dispose();
        await client.SendAsync("more");

        Assert.Equal(100_000, (await client.ReadToEndAsync()).Length);
        client.EndSending();
    }

    [Fact]
    public async Task Client_ThatIsReset_IsResetAtTheNode()
    {
        var (client, node) = await UpgradeAsync();

        client.Reset();

        var gone = await Assert.ThrowsAsync<IOException>(() => node.ReadAsync(1));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(gone.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task Node_ThatIsReset_EndsItsClient()
    {
        var (client, node) = await UpgradeAsync();

        node.Reset();

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Node_ThatEnds_IsNotWaitedForByAClientThatStays()
    {
        var (client, node) = await UpgradeAsync();

        node.Dispose();
        Assert.Empty(await client.ReadToEndAsync());

        // The client has 5 s to end its side as well. After that the edge gives up.
        Time.Leap(TimeSpan.FromSeconds(6));
        await Eventually.TrueAsync(() => Refuses(client));

        static bool Refuses(TcpPeer client)
        {
            try
            {
                client.Stream.Write("x"u8);
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    /// <summary>Once nothing more was read from the node meanwhile, so its end was not seen, and the client kept its places for the activity timeout.</summary>
    [Fact]
    public async Task Node_ThatIsReset_IsNotWaitedForByAClientThatReadsNothing()
    {
        var (_, node) = await UpgradeAsync(receiveBuffer: 32 * 1024);
        FillUp(node);

        node.Reset();

        await Eventually.TrueAsync(() =>
        {
            Time.Leap(TimeSpan.FromSeconds(1));
            return Edge.Get<EdgeCapacity>().Carried == 0 && Edge.Get<ClientConnections>().Open == 0;
        });
    }

    /// <summary>An orderly end stands behind all the bytes that the client does not take.</summary>
    [Fact]
    public async Task Client_ThatTakesNothingForAMinute_IsCutOff()
    {
        var (client, node) = await UpgradeAsync(receiveBuffer: 32 * 1024);
        FillUp(node);
        node.Dispose();

        Time.Leap(TimeSpan.FromSeconds(50));
        await client.SendAsync("x"); // a client that only sends takes nothing
        Time.Leap(TimeSpan.FromSeconds(20));

        await Eventually.TrueAsync(() => Edge.Get<EdgeCapacity>().Carried == 0 && Edge.Get<ClientConnections>().Open == 0);
    }

    [Fact]
    public async Task Client_ThatIsReset_IsResetAtANodeThatReadsNothing()
    {
        var (client, node) = await UpgradeAsync();
        FillUp(client);

        client.Reset();

        await Eventually.TrueAsync(() => Edge.Get<EdgeCapacity>().Carried == 0);
        await Assert.ThrowsAsync<IOException>(node.ReadToEndAsync);
    }

    /// <summary>Nothing is received from it then, so the edge notices only when it sends to it.</summary>
    [Fact]
    public async Task Client_ThatIsReset_WhileNeitherReads_IsNotKept()
    {
        var (client, node) = await UpgradeAsync();
        FillUp(client);
        FillUp(node);

        client.Reset();

        await Eventually.TrueAsync(() => Edge.Get<EdgeCapacity>().Carried == 0 && Edge.Get<ClientConnections>().Open == 0);
    }

    [Fact]
    public async Task Client_ThatIsSentElsewhere_IsToldBehindAWholeFrame_AndItsNodeIsResetAtOnce()
    {
        var (client, node) = await UpgradeAsync();
        await node.SendAsync("\u0081\u0002hi");
        await client.ReadAsync(4);

        Edge.Get<RelayedConnections>().SendElsewhere("tcp", most: 1);

        Assert.Equal("\u0088\u000b\u0003\u00f4node lost", Encoding.Latin1.GetString(await client.ReadToEndAsync()));
        await client.SendAsync("\u0088\u0082goodbye"); // nobody reads it
        client.EndSending();
        await Assert.ThrowsAsync<IOException>(() => node.ReadAsync(1));
        await Eventually.TrueAsync(() => Edge.Get<EdgeCapacity>().Carried == 0);
    }

    [Fact]
    public async Task Client_ThatIsSentElsewhereAmidAFrame_SeesItsConnectionEnd()
    {
        var (client, node) = await UpgradeAsync();
        await node.SendAsync("\u0081\u0002h");
        await client.ReadAsync(3);

        Edge.Get<RelayedConnections>().SendElsewhere("tcp", most: 1);

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Clients_AreSentElsewhereAFewAtATime()
    {
        var clients = new[] { await UpgradeAsync(), await UpgradeAsync(), await UpgradeAsync() };

        Edge.Get<RelayedConnections>().SendElsewhere("another", most: 3);
        Edge.Get<RelayedConnections>().SendElsewhere("tcp", most: 2);

        var heard = clients.Select(peers => peers.Client.ReadToEndAsync()).ToArray();
        await Eventually.TrueAsync(() => heard.Count(all => all.IsCompleted) == 2);
        var left = Array.FindIndex(heard, all => !all.IsCompleted);
        await clients[left].Node.SendAsync("still here");
        clients[left].Node.Dispose();
        Assert.Equal("still here", Encoding.Latin1.GetString(await heard[left]));
    }

    [Fact]
    public async Task Silence_ForTheActivityTimeout_EndsBoth()
    {
        var (client, node) = await UpgradeAsync();
        Time.Leap(TimeSpan.FromMinutes(59));
        await client.SendAsync("still here");
        await node.ReadAsync(10);
        Time.Leap(TimeSpan.FromMinutes(59));
        await node.SendAsync("so am I");
        await client.ReadAsync(7);

        Time.Leap(TimeSpan.FromMinutes(61));

        Assert.Empty(await client.ReadToEndAsync());
        Assert.Empty(await node.ReadToEndAsync());
    }

    /// <summary>Writes until nobody takes more, and returns how much was written. 100 MB are more than all buffers along the way: the system alone
    /// may make one of 32 MB for a client that has read quickly so far.</summary>
    private static int FillUp(TcpPeer writer)
    {
        for (var i = 0; i < 10; i++)
        {
            if (writer.Fill(Much) is var count && count < Much.Length)
            {
                return (i * Much.Length) + count;
            }
        }

        throw new InvalidOperationException("Everything was taken.");
    }
}
