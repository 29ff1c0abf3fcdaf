using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Frames that are no messages, so that the limit on messages does not see them.</summary>
[Collection(LimitsGroup.Name)]
public sealed class FrameFloodTests(LimitsCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    [Fact]
    public async Task Pings_WithoutEnd_CloseWith1008()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/all/pinger");

        await client.SendBytesAsync(Repeat(RawWebSocket.Frame(WebSocketOpcode.Ping, [])));

        Assert.Equal(1008, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task EmptyFragments_WithoutEnd_CloseWith1008()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/all/splitter");

        await client.SendAsync(WebSocketOpcode.Text, [], fin: false);
        await client.SendBytesAsync(Repeat(RawWebSocket.Frame(WebSocketOpcode.Continuation, [], fin: false)));

        Assert.Equal(1008, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task Pings_NowAndThen_AreAnswered()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/all/quiet");
        for (var i = 0; i < 50; i++)
        {
            await client.SendAsync(WebSocketOpcode.Ping, "x"u8);
            Assert.Equal("x", (await client.ReadAsync(WebSocketOpcode.Pong)).Text);
        }
    }

    private static byte[] Repeat(byte[] frame) => [.. Enumerable.Repeat(frame, 1000).SelectMany(bytes => bytes)];
}
