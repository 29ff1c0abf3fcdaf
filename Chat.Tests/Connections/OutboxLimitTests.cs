using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Connections;

/// <summary>How much memory an outbox may use, and what happens after its end.</summary>
public sealed class OutboxLimitTests
{
    private static readonly ConnectionMetrics Metrics = new(NoMeters.Instance);

    // A client that sends pings and never reads: each pong has two bytes, but takes sixty in memory.
    [Fact]
    public void TinyFrames_CountAsTheMemoryTheyTake()
    {
        var outbox = new Outbox(new FakeSender(room: 0), 64_000, Metrics);
        var taken = 0;
        while (taken < 10_000 && outbox.TryEnqueue(OutboxTests.Frame(1, 2)))
        {
            taken++;
        }

        Assert.InRange(taken, 500, 1500);
        Assert.InRange(outbox.WaitingBytes, 60_000, 64_000);
    }

    [Fact]
    public async Task TinyFrames_ThatAreOut_CountNoMore()
    {
        var client = new FakeSender(room: 1);
        var outbox = new Outbox(client, 64_000, Metrics);
        for (byte i = 1; i <= 100; i++)
        {
            outbox.TryEnqueue(OutboxTests.Frame(i, 2));
        }

        client.Read(long.MaxValue);
        await client.SentAsync(200);
        await Eventually.TrueAsync(() => outbox.WaitingBytes == 0);
    }

    // A confirmation from Redis that arrives after the client has gone must have no effect.
    [Fact]
    public async Task Frame_AfterTheEnd_TouchesTheSocketNoMore()
    {
        var client = new FakeSender(room: 5);
        var outbox = new Outbox(client, 1000, Metrics);
        outbox.TryEnqueue(OutboxTests.Frame(1, 10));
        await client.WaitingAsync();
        var room = outbox.HasRoomAsync();

        outbox.End();
        var sends = client.Sends;
        Assert.True(outbox.TryEnqueue(OutboxTests.Frame(2, 10)));
        outbox.Close(OutboxTests.Frame(9, 4), dropWaiting: false);
        outbox.Flush();
        client.Read(long.MaxValue);
        await client.SentAsync(10); // the rest of the frame that was under way

        await room;
        Assert.Equal((sends, false), (client.Sends, client.IsAborted));
        Assert.Equal(OutboxTests.Bytes(1, 10), client.Sent);
    }
}
