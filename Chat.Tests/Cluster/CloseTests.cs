using System.Buffers.Binary;
using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>Closing handshakes in both directions, and frames that no client should send.</summary>
[Collection(LimitsGroup.Name)]
public sealed class CloseTests(LimitsCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1011)]
    [InlineData(3000)]
    [InlineData(4999)]
    public async Task Client_ClosingWithACode_GetsItBackAndThenTheEnd(int code)
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendAsync(WebSocketOpcode.Close, CloseFrame(code, "bye"));

        Assert.Equal(code, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Client_ClosingWithoutACode_GetsACloseAndThenTheEnd()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendAsync(WebSocketOpcode.Close, []);

        await client.ReadAsync(WebSocketOpcode.Close);
        Assert.Null(await client.ReadAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(1005)]
    [InlineData(1006)]
    [InlineData(1015)]
    [InlineData(2999)]
    [InlineData(5000)]
    public async Task Client_ClosingWithACodeThatMayNotBeSent_Gets1002(int code)
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendAsync(WebSocketOpcode.Close, CloseFrame(code, ""));

        Assert.Equal(1002, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task Client_WithMessagesOnTheirWayToIt_GetsThemBeforeTheAnswerToItsClose()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/late/reader");
        await using var fence = await Cluster.ConnectAsync(0, "/chat/group/late/fence?format=json");
        await using var writer = await Cluster.ConnectAsync(0, "/chat/group/late/writer?format=json");
        for (var i = 0; i < 20; i++)
        {
            await writer.SendJsonAsync(new { Msg = $"{i}", MsgId = $"{i}" });
            await writer.NextFrameAsync("ack");
        }

        // An acknowledged message may not be delivered yet. But members who were there before the fence have everything that the fence has.
        await fence.UntilAsync(text => ChatFrame.Parse(text) is { Type: "message", Msg: "19" });
        await client.SendAsync(WebSocketOpcode.Close, CloseFrame(1000, ""));

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal($"group 【late】 user 【writer】 send:{i}", (await client.ReadAsync(WebSocketOpcode.Text)).Text);
        }

        Assert.Equal(1000, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    [Fact]
    public async Task Server_Closing_WaitsForTheAnswerAndThenEnds()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");
        await client.SendAsync(WebSocketOpcode.Binary, [1]);
        var close = await client.ReadAsync(WebSocketOpcode.Close);
        Assert.Equal((1003, "text frames only"), (close.CloseCode, close.CloseText));

        await client.SendAsync(WebSocketOpcode.Close, CloseFrame(1003, ""));

        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Server_ClosingAClientThatDoesNotAnswer_EndsAllTheSame()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");
        await client.SendAsync(WebSocketOpcode.Binary, [1]);
        await client.ReadAsync(WebSocketOpcode.Close);

        Assert.Null(await client.ReadAsync()); // after CloseTimeout
    }

    [Fact]
    public async Task Client_EndingItsSideWithoutAClose_IsLetGo()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        client.EndSending();

        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Client_EndingInTheMiddleOfAFrame_IsLetGo()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendBytesAsync(RawWebSocket.Frame(WebSocketOpcode.Text, new byte[100]).AsMemory(0, 50));
        client.EndSending();

        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Ping_IsAnsweredWithItsPayload()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendAsync(WebSocketOpcode.Ping, "are you there?"u8);

        Assert.Equal("are you there?", (await client.ReadAsync(WebSocketOpcode.Pong)).Text);
    }

    [Theory]
    [InlineData("reserved bit", 0xC1, 0x80)]
    [InlineData("reserved opcode", 0x83, 0x80)]
    [InlineData("reserved control opcode", 0x8B, 0x80)]
    [InlineData("no mask", 0x81, 0x00)]
    [InlineData("ping in pieces", 0x09, 0x80)]
    [InlineData("ping over 125 bytes", 0x89, 0xFE)]
    [InlineData("continuation of nothing", 0x80, 0x80)]
    public async Task Frame_AgainstTheRules_ClosesWith1002(string what, byte first, byte second)
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendBytesAsync(new byte[] { first, second, 0, 0, 0, 0, 0, 0 });

        Assert.True((await client.ReadAsync(WebSocketOpcode.Close)).CloseCode == 1002, what);
    }

    [Fact]
    public async Task Message_InsideAnother_ClosesWith1002()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/group/close/c");

        await client.SendAsync(WebSocketOpcode.Text, "begun"u8, fin: false);
        await client.SendAsync(WebSocketOpcode.Text, "another"u8);

        Assert.Equal(1002, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }

    private static byte[] CloseFrame(int code, string reason)
    {
        var payload = new byte[2 + reason.Length];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        System.Text.Encoding.ASCII.GetBytes(reason, payload.AsSpan(2));
        return payload;
    }
}
