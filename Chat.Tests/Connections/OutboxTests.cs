using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Connections;

public sealed class OutboxTests
{
    private const int Capacity = 1000;

    private static readonly ConnectionMetrics Metrics = new(NoMeters.Instance);

    private readonly FakeSender _client = new();

    [Fact]
    public void Frame_ForAClientThatKeepsUp_GoesOutAtOnce()
    {
        var outbox = new Outbox(_client, Capacity, Metrics);
        outbox.TryEnqueue(Frame(1, 10));
        Assert.Equal(Bytes(1, 10), _client.Sent);

        outbox.TryEnqueue(Frame(2, 20));
        Assert.Equal([.. Bytes(1, 10), .. Bytes(2, 20)], _client.Sent);
    }

    [Fact]
    public void Frames_OfOneRound_GoOutTogether()
    {
        var outbox = new Outbox(_client, Capacity, Metrics);
        SendBatch.Begin();
        try
        {
            outbox.TryEnqueue(Frame(1, 10));
            outbox.TryEnqueue(Frame(2, 10));
            outbox.TryEnqueue(Frame(3, 10));
            Assert.Empty(_client.Sent);
        }
        finally
        {
            SendBatch.End();
        }

        Assert.Equal([.. Bytes(1, 10), .. Bytes(2, 10), .. Bytes(3, 10)], _client.Sent);
        Assert.Equal(1, _client.Sends);
    }

    // A send was once always 64 KiB, wherever that cut a frame. SignalR makes an event or the answer to a poll of each send, so its clients ended
    // with "Message is incomplete." whenever more than that had waited.
    [Theory]
    [InlineData(1000, 250)]
    [InlineData(100_000, 5)] // larger than the batches
    public async Task Send_ToAClientThatWasSlow_EndsWithAFrame(int length, int frames)
    {
        var client = new FakeSender(room: 0);
        var outbox = new Outbox(client, int.MaxValue, Metrics);
        for (var i = 0; i < frames; i++)
        {
            outbox.TryEnqueue(Frame((byte)i, length));
        }

        client.Read(long.MaxValue);
        await client.SentAsync(length * frames);
        Assert.All(client.Sizes, size => Assert.Equal(0, size % length));
        Assert.True(client.Sizes.Count < frames || length > 64 * 1024);
    }

    [Fact]
    public async Task Frames_ForASlowClient_GoOnWhereTheyStopped()
    {
        var client = new FakeSender(room: 15);
        var outbox = new Outbox(client, Capacity, Metrics);
        for (byte i = 1; i <= 5; i++)
        {
            Assert.True(outbox.TryEnqueue(Frame(i, 10)));
        }

        client.Read(13);
        await client.SentAsync(28);
        client.Read(long.MaxValue);
        await client.SentAsync(50);

        Assert.Equal(Enumerable.Range(1, 5).SelectMany(i => Bytes((byte)i, 10)), client.Sent);
    }

    [Fact]
    public void Frame_OverTheCap_IsRefused()
    {
        var outbox = new Outbox(new FakeSender(room: 0), Capacity, Metrics);

        Assert.True(outbox.TryEnqueue(Frame(1, 600)));
        Assert.True(outbox.TryEnqueue(Frame(2, 400)));
        Assert.False(outbox.TryEnqueue(Frame(3, 1)));
    }

    [Fact]
    public void Frame_LargerThanTheCap_IsTakenAlone() =>
        Assert.True(new Outbox(new FakeSender(room: 0), Capacity, Metrics).TryEnqueue(Frame(1, 5000)));

    [Fact]
    public async Task Room_IsThereAgain_WhenHalfIsOut()
    {
        var client = new FakeSender(room: 0);
        var outbox = new Outbox(client, Capacity, Metrics);
        outbox.TryEnqueue(Frame(1, 400));
        Assert.True(outbox.HasRoomAsync().IsCompleted);

        outbox.TryEnqueue(Frame(2, 400));
        var room = outbox.HasRoomAsync();
        Assert.False(room.IsCompleted);

        client.Read(800);
        await room.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Close_EndsTheWaitForRoom()
    {
        var outbox = new Outbox(new FakeSender(room: 0), Capacity, Metrics);
        outbox.TryEnqueue(Frame(1, 900));
        var room = outbox.HasRoomAsync();

        outbox.Close(Frame(9, 4), dropWaiting: false);
        await room.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Close_ComesAfterWhatWaits_AndNothingComesAfterIt()
    {
        var client = new FakeSender(room: 0);
        var outbox = new Outbox(client, Capacity, Metrics);
        outbox.TryEnqueue(Frame(1, 10));
        outbox.Close(Frame(9, 4), dropWaiting: false);
        Assert.True(outbox.TryEnqueue(Frame(2, 10)));
        outbox.Close(Frame(8, 4), dropWaiting: false);

        client.Read(long.MaxValue);
        await client.SentAsync(14);
        Assert.Equal([.. Bytes(1, 10), .. Bytes(9, 4)], client.Sent);
    }

    // Bytes given to the socket can't be taken back: a frame that was begun has to be finished, or the client reads nonsense.
    [Fact]
    public async Task Close_OfASlowClient_DropsWhatWaitsButNoFrameBegun()
    {
        var client = new FakeSender(room: 5);
        var outbox = new Outbox(client, Capacity, Metrics);
        outbox.TryEnqueue(Frame(1, 10));
        await client.WaitingAsync();
        outbox.TryEnqueue(Frame(2, 10));
        outbox.Close(Frame(9, 4), dropWaiting: true);

        client.Read(long.MaxValue);
        await client.SentAsync(14);
        Assert.Equal([.. Bytes(1, 10), .. Bytes(9, 4)], client.Sent);
    }

    [Fact]
    public async Task Close_OfASlowClient_ComesAfterAllThatASendUnderWayHolds()
    {
        var client = new FakeSender(room: 5);
        var outbox = new Outbox(client, Capacity, Metrics);
        SendBatch.Begin();
        outbox.TryEnqueue(Frame(1, 10));
        outbox.TryEnqueue(Frame(2, 10));
        SendBatch.End();
        await client.WaitingAsync();
        outbox.Close(Frame(9, 4), dropWaiting: true);

        client.Read(long.MaxValue);
        await client.SentAsync(24);
        Assert.Equal([.. Bytes(1, 10), .. Bytes(2, 10), .. Bytes(9, 4)], client.Sent);
    }

    [Fact]
    public void Client_ThatIsGone_IsAborted()
    {
        _client.Leave();
        var outbox = new Outbox(_client, Capacity, Metrics);

        Assert.True(outbox.TryEnqueue(Frame(1, 10)));
        Assert.True(_client.IsAborted);
        Assert.True(outbox.HasRoomAsync().IsCompleted);
    }

    [Fact]
    public async Task Client_ThatGoesWhileItIsSlow_IsAborted()
    {
        var client = new FakeSender(room: 5);
        new Outbox(client, Capacity, Metrics).TryEnqueue(Frame(1, 10));
        await client.WaitingAsync();
        client.Leave();

        await Eventually.TrueAsync(() => client.IsAborted);
    }

    internal static Frame Frame(byte content, int length) => new(Bytes(content, length));

    internal static byte[] Bytes(byte content, int length) => [.. Enumerable.Repeat(content, length)];
}
