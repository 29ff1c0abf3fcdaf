using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

[Collection(OpenGroup.Name)]
public sealed class TooBigTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    /// <summary>A browser sends the whole message, then answers the close frame, and then waits for the end of the connection before it reports 1009
    /// to the page. The node once ended the connection only after its CloseTimeout, which is longer here than the test waits.</summary>
    [Fact]
    public async Task Message_OverTheLimit_EndsAsSoonAsTheClientHasAnsweredTheClose()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/too-big/c");

        await client.SendAsync(WebSocketOpcode.Text, new byte[40_000]);
        var close = await client.ReadAsync(WebSocketOpcode.Close);
        Assert.Equal(1009, close.CloseCode);
        await client.SendAsync(WebSocketOpcode.Close, close.Payload);

        Assert.Null(await client.ReadAsync());
    }
}
