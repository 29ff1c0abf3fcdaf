using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

[Collection(OpenGroup.Name)]
public sealed class TooBigTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    /// <summary>Browsers send all of it, then answer the close frame, then wait for the end of the connection before
    /// they say 1009 to the page. The node once ended it only after its CloseTimeout, here longer than the test waits.</summary>
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
