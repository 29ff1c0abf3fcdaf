using System.Text;
using Chat.Api.Connections;
using Chat.Api.WebSockets;
using Chat.Tests.Edge.Relay;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>A client's data arrive whole and in order, in whatever pieces they come, and each end learns when the other one has ended.</summary>
public abstract class SocketSpec(bool takes) : IAsyncLifetime
{
    internal SocketHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await SocketHost.StartAsync(takes, options => options.OutboxBytes = 20_000_000);

    public async Task DisposeAsync() => await Host.DisposeAsync();

    // The last of these is more than the server reads in advance.
    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 30_000)]
    [InlineData(4_000, 100)]
    public async Task Frames_InOneSegmentWithTheRequest_AreRead(int count, int length)
    {
        using var client = await TcpPeer.ConnectAsync(Host.Address);
        var messages = Enumerable.Range(0, count).Select(i => $"{i} ".PadRight(length, 'x')).ToArray();

        var sending = client.SendAsync((byte[])[.. Encoding.Latin1.GetBytes(TcpPeer.Request), .. messages.SelectMany(Text)]);

        var link = await Host.AcceptedAsync();
        Assert.Equal(messages, await link.ReadAsync(count));
        await sending;
    }

    [Fact]
    public async Task Frame_ByteByByte_IsReadOnceItIsWhole()
    {
        var (client, link) = await Host.ConnectAsync();
        await using var _ = client;

        foreach (var part in Text("one by one and by one again").Chunk(1))
        {
            Assert.False(link.HasMore);
            await client.SendBytesAsync(part);
        }

        Assert.Equal("one by one and by one again", await link.ReadAsync());
    }

    [Fact]
    public async Task Stream_InAnyPieces_IsTheSameMessages()
    {
        var seed = Random.Shared.Next();
        for (var run = 0; run < 20; run++)
        {
            var random = new Random(seed + run);
            var (client, link) = await Host.ConnectAsync();
            await using var _ = client;
            var messages = Enumerable.Range(0, 20).Select(_ => random.Text(random.Next(3) == 0 ? 9_000 : 100)).ToArray();
            var stream = messages.SelectMany(message => Fragments(message, random)).ToArray();

            for (var at = 0; at < stream.Length;)
            {
                var length = Math.Min(random.Next(4) == 0 ? random.Next(1, 20_000) : random.Next(1, 3_000), stream.Length - at);
                await client.SendBytesAsync(stream.AsMemory(at, length));
                at += length;
            }

            var read = await link.ReadAsync(messages.Length);
            Assert.True(messages.SequenceEqual(read), $"Failed with seed {seed + run}.");
        }
    }

    [Fact]
    public async Task Message_OfTheLargestSize_IsRead()
    {
        var (client, link) = await Host.ConnectAsync();
        await using var _ = client;
        var largest = new string('y', new ConnectionOptions().MessageBytes);

        await client.SendBytesAsync((byte[])[.. Text(largest), .. Text("behind")]);

        Assert.Equal([largest, "behind"], await link.ReadAsync(2));
    }

    [Fact]
    public async Task Reader_ThatIsSlow_GetsAllInOrder()
    {
        var (client, link) = await Host.ConnectAsync(receiveBuffer: 4096);
        await using var _ = client;
        var messages = Enumerable.Range(0, 1_500).Select(i => $"{i} ".PadRight(10_000, 'z')).ToArray();
        foreach (var message in messages)
        {
            link.Send(message);
        }

        Assert.True(link.WaitingBytes > 0);
        foreach (var message in messages)
        {
            Assert.Equal(message, (await client.ReadAsync(WebSocketOpcode.Text)).Text);
        }

        link.Send("afterwards");
        Assert.Equal("afterwards", (await client.ReadAsync(WebSocketOpcode.Text)).Text);
        Assert.Equal(0, link.WaitingBytes);
    }

    [Fact]
    public async Task Client_ThatEndsItsHalf_IsHeardAndThenGone()
    {
        var (client, link) = await Host.ConnectAsync();
        await using var _ = client;

        await client.SendTextAsync("last words");
        client.EndSending();

        Assert.Equal("last words", await link.ReadAsync());
        Assert.Equal(CloseReason.Vanished, await link.EndedAsync());
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Client_ThatResets_IsGone()
    {
        using var client = await TcpPeer.ConnectAsync(Host.Address);
        await client.SendAsync(TcpPeer.Request);
        var link = await Host.AcceptedAsync();
        await client.ReadHeadAsync();

        client.Reset();

        Assert.Equal(CloseReason.Vanished, await link.EndedAsync());
    }

    [Fact]
    public async Task Client_ThatCloses_IsAnswered()
    {
        var (client, link) = await Host.ConnectAsync();
        await using var _ = client;

        await client.SendAsync(WebSocketOpcode.Close, [0x0F, 0xA0]);

        Assert.Equal(4000, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
        Assert.Null(await client.ReadAsync());
        Assert.Equal(CloseReason.ByClient, await link.EndedAsync());
    }

    [Fact]
    public async Task Close_OfTheServer_ReachesTheClientBehindAllElse_AndWaitsForItsAnswer()
    {
        var (client, link) = await Host.ConnectAsync(receiveBuffer: 4096);
        await using var _ = client;
        var much = new string('w', 5_000_000);
        link.Send(much);

        link.Close(CloseReason.Draining);

        Assert.Equal(much, (await client.ReadAsync(WebSocketOpcode.Text)).Text);
        Assert.Equal(1012, (await client.ReadAsync(WebSocketOpcode.Close)).CloseCode);
        await client.SendAsync(WebSocketOpcode.Close, [0x03, 0xE8]);
        Assert.Null(await client.ReadAsync());
        Assert.Equal(CloseReason.Draining, await link.EndedAsync());
    }

    [Fact]
    public async Task Closing_OfAClientThatDoesNotAnswer_EndsInTime()
    {
        var (client, link) = await Host.ConnectAsync();
        await using var _ = client;
        link.Close(CloseReason.Draining);

        link.Tend(new TendingRound(TimeProvider.System.GetTimestamp() + (10 * TimeProvider.System.TimestampFrequency)));

        Assert.Equal(CloseReason.Draining, await link.EndedAsync());
        await client.ReadAsync(WebSocketOpcode.Close);
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Wait_ForAMessage_HoldsUpNobodyElse()
    {
        var others = new List<(RawWebSocket Client, TestLink Link)>();
        for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
        {
            others.Add(await Host.ConnectAsync()); // some of them are on the same thread
        }

        var (client, link) = await Host.ConnectAsync();
        var through = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.OnText = text => text == "wait" ? through.Task : null;
        await client.SendBytesAsync((byte[])[.. Text("before"), .. Text("wait"), .. Text("behind"), .. Text("further behind")]);
        Assert.Equal(["before", "wait"], await link.ReadAsync(2));
        await client.SendTextAsync("last");
        foreach (var (other, otherLink) in others)
        {
            await other.SendTextAsync("hello");
            Assert.Equal("hello", await otherLink.ReadAsync());
        }

        Assert.False(link.HasMore);
        through.SetResult();
        Assert.Equal(["behind", "further behind", "last"], await link.ReadAsync(3));

        foreach (var (other, _) in others)
        {
            await other.DisposeAsync();
        }

        await client.DisposeAsync();
    }

    [Fact]
    public async Task Flood_OfOneClient_LetsOthersThrough()
    {
        var (flooder, flooded) = await Host.ConnectAsync();
        flooded.OnText = _ => null;
        var flood = Enumerable.Repeat(Text("x"), 20_000).SelectMany(frame => frame).ToArray();
        using var enough = new CancellationTokenSource();
        var flooding = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await flooder.SendBytesAsync(flood);
            }
        });
        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            var (client, link) = await Host.ConnectAsync();
            await using var _ = client;
            await client.SendTextAsync("hello");
            Assert.Equal("hello", await link.ReadAsync());
        }

        await enough.CancelAsync();
        await flooding;
        await flooder.DisposeAsync();
    }

    // The connection's run then closes the connection as after a fault of the node.
    [Fact]
    public async Task Handling_ThatThrows_FailsTheReading_AndNothingElse()
    {
        var (client, link) = await Host.ConnectAsync();
        var (later, laterLink) = await Host.ConnectAsync();
        await using var _ = client;
        await using var __ = later;
        link.OnText = _ => throw new InvalidTimeZoneException("at once");
        laterLink.OnText = _ => FailAsync();

        await client.SendTextAsync("x");
        await later.SendTextAsync("x");

        await Assert.ThrowsAsync<InvalidTimeZoneException>(link.EndedAsync);
        await Assert.ThrowsAsync<InvalidTimeZoneException>(laterLink.EndedAsync);
        Assert.Null(await client.ReadAsync());

        static async Task FailAsync()
        {
            await Task.Yield();
            throw new InvalidTimeZoneException("later");
        }
    }

    internal static byte[] Text(string text) => RawWebSocket.Frame(WebSocketOpcode.Text, Encoding.UTF8.GetBytes(text));

    private static byte[] Fragments(string text, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var cut = random.Next(3) == 0 ? random.Next(bytes.Length + 1) : bytes.Length;
        var ping = random.Next(4) == 0 ? RawWebSocket.Frame(WebSocketOpcode.Ping, random.Bytes(125)) : [];
        return cut == bytes.Length
            ? [.. ping, .. Text(text)]
            : [.. RawWebSocket.Frame(WebSocketOpcode.Text, bytes.AsSpan(0, cut), fin: false), .. ping, .. RawWebSocket.Frame(WebSocketOpcode.Continuation, bytes.AsSpan(cut))];
    }
}

/// <summary>Sockets that stay with the server: on other systems, and where a setting says so.</summary>
public sealed class ServerSocketTests() : SocketSpec(takes: false);
