using Chat.Api.WebSockets;
using Chat.Tests.Cluster;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Traffic that no SignalR library sends.</summary>
[Collection(LimitsGroup.Name)]
public sealed class HubAbuseTests(LimitsCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    private const string Handshake = """{"protocol":"json","version":1}""" + "\u001e";
    private const string Ping = """{"type":6}""" + "\u001e";

    // SignalR gives up at the first bytes, and nobody takes the bytes that are read behind them. That once held a connection, and its user's place, forever.
    [Fact]
    public async Task Rubbish_WithMoreBehindIt_EndsTheConnection_AndGivesItsPlaceBack()
    {
        var nick = "rubbish";
        await using (var client = await ConnectAsync(nick))
        {
            await client.SendTextAsync("x\u001e");
            await client.SendTextAsync(new string('y', 1000));
            await client.SendTextAsync(new string('y', 1000));
            await client.ReadAsync(WebSocketOpcode.Close);
        }

        await Eventually.TrueAsync(async () => (await Cluster.Nodes[0].ListAsync()).All(node => node.Connections == 0));
    }

    // Bytes that were no handshake were not processed any further, and the bytes that came with them filled the read-ahead buffer, forever.
    [Fact]
    public async Task Rubbish_InPlaceOfTheHandshake_AllAtOnce_EndsTheConnection_AndGivesItsPlaceBack()
    {
        var frame = RawWebSocket.Frame(WebSocketOpcode.Text, Enumerable.Repeat((byte)'y', 5000).ToArray());
        var path = $"{HubClient.Path}?access_token={await Cluster.Nodes[0].Http.GetStringAsync("api/auth/token?nick=hasty")}";
        for (var i = 0; i < 2; i++)
        {
            await using var client = await RawWebSocket.ConnectAsync(Cluster.Nodes[0].Address, path, behind: [.. frame, .. frame, .. frame, .. frame]);
            Assert.Equal(1002, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
        }

        await Eventually.TrueAsync(async () => (await Cluster.Nodes[0].ListAsync()).All(node => node.Connections == 0));
    }

    // Calls have a limit, and so do records that are no calls, however many fit into a frame.
    [Fact]
    public async Task PingsOfTheProtocol_WithoutEnd_CloseWith1008()
    {
        await using var client = await ConnectAsync("pinger");

        for (var i = 0; i < 10; i++)
        {
            await client.SendTextAsync(string.Concat(Enumerable.Repeat(Ping, 80)));
        }

        Assert.Equal(1008, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task CallsOfNothing_AreAnswered_UntilTheyAreTooMany()
    {
        await using var client = await ConnectAsync("caller");
        var call = """{"type":1,"invocationId":"1","target":"nothing","arguments":[]}""" + "\u001e";

        await client.SendTextAsync(call);
        Assert.Contains("Method does not exist", (await client.ReadAsync(WebSocketOpcode.Text)).Text, StringComparison.Ordinal);
        for (var i = 0; i < 60; i++)
        {
            await client.SendTextAsync(string.Concat(Enumerable.Repeat(call, 15)));
        }

        Assert.Equal(1008, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    private async Task<RawWebSocket> ConnectAsync(string nick)
    {
        var token = await Cluster.Nodes[0].Http.GetStringAsync($"api/auth/token?nick={nick}");
        var client = await Cluster.ConnectRawAsync(0, $"{HubClient.Path}?access_token={token}");
        await client.SendTextAsync(Handshake);
        Assert.Equal("{}\u001e", (await client.ReadAsync(WebSocketOpcode.Text)).Text);
        return client;
    }
}
