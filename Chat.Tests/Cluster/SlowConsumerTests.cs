using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>When a client does not read, only its own connection ends.</summary>
[Collection(OpenGroup.Name)]
public sealed class SlowConsumerTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    [Fact]
    public async Task SlowConsumer_IsClosedWith1013_AndNobodyElseNotices()
    {
        await using var slow = await Cluster.ConnectRawAsync(1, "/chat/group/slow/slow", receiveBuffer: 65536);
        await using var member = await Cluster.ConnectAsync(1, "/chat/group/slow/member?format=json"); // on the same node
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/slow/publisher?format=json");
        var text = new string('x', 30_000);
        const int Messages = 400; // 12 MB: more than any system buffers for one socket
        for (var i = 0; i < Messages; i++)
        {
            await publisher.SendJsonAsync(new { Msg = text, MsgId = $"{i}" });
            await publisher.NextFrameAsync("ack");
            Assert.Equal($"{i}", (await member.NextFrameAsync("message")).Id); // reads each message at once
        }

        // Now the client reads: first the data that the system held and the rest of the frame that was partly sent, then the reason.
        var close = await slow.ReadAsync(WebSocketOpcode.Close);
        Assert.Equal((1013, "slow consumer"), (close.CloseCode, close.CloseText));
    }

    [Fact]
    public async Task Client_ClosingWithMuchOnItsWay_GetsItAllAndThenTheAnswer()
    {
        await using var late = await Cluster.ConnectRawAsync(1, "/chat/group/much/late", receiveBuffer: 32 * 1024);
        await using var member = await Cluster.ConnectAsync(1, "/chat/group/much/member?format=json");
        await using var publisher = await Cluster.ConnectAsync(1, "/chat/group/much/publisher?format=json");
        const int Messages = 34; // 1 MB: more than the socket takes, not more than the outbox
        for (var i = 0; i < Messages; i++)
        {
            await publisher.SendJsonAsync(new { Msg = new string('x', 30_000), MsgId = $"{i}" });
            await member.NextFrameAsync("message"); // an ack says that a message is published; this says that it is in the outboxes here
        }

        await late.SendAsync(WebSocketOpcode.Close, [0x03, 0xE8]);

        for (var i = 0; i < Messages; i++)
        {
            Assert.Equal(WebSocketOpcode.Text, (await late.ReadAsync())?.Opcode);
        }

        Assert.Equal(1000, (await late.ReadAsync(WebSocketOpcode.Close)).CloseCode);
    }
}
