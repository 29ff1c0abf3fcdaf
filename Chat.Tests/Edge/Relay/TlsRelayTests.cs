using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>The same tests with TLS that ends at the edge.</summary>
public sealed class TlsRelayTests : RelayTests
{
    protected override bool IsTls => true;

    /// <summary>An end that TLS does not confirm could come from anybody, and looks like a connection that was cut.</summary>
    [Fact]
    public async Task Client_ThatEndedFirst_IsToldTheEndInTls()
    {
        var (client, node) = await UpgradeAsync();
        client.EndSending();
        Assert.Empty(await node.ReadToEndAsync());

        node.Dispose();

        Assert.NotEqual(0, await client.Socket.ReceiveAsync(new byte[100]).WaitAsync(ChatClient.Deadline));
    }
}
