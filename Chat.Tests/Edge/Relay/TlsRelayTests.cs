using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge.Relay;

/// <summary>The same with TLS that ends at the edge.</summary>
public sealed class TlsRelayTests : RelayTests
{
    protected override bool IsTls => true;

    /// <summary>An end without a word of TLS could be anybody's, and looks like a connection that was cut.</summary>
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
