using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.RawEndpoints;
using Chat.Api.WebSockets;
using Chat.Tests.Access;
using Chat.Tests.Backplane;
using Chat.Tests.Connections;
using Chat.Tests.Support;
using Chat.Tests.Topics;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.WebSockets;

/// <summary>How a connection interprets the bytes that arrive, in whatever pieces they come.</summary>
public sealed class WebSocketConnectionTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15); // only a failing test waits this long

    [Fact]
    public async Task Messages_InAnyFragmentsAndPieces_AreReadWhole()
    {
        var seed = Random.Shared.Next();
        for (var run = 0; run < 300; run++)
        {
            var random = new Random(seed + run);
            var messages = Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Text(300)).ToArray();
            var talk = messages.SelectMany(message => Message(message, random)).ToArray();

            var (read, _, _) = await ReadAsync(talk, random);
            Assert.True(messages.SequenceEqual(read), $"Failed with seed {seed + run}.");
        }
    }

    [Fact]
    public async Task Nonsense_EndsAConnection_AndNothingElse()
    {
        var seed = Random.Shared.Next();
        for (var run = 0; run < 2_000; run++)
        {
            var random = new Random(seed + run);
            var talk = random.Mutate([.. Message(random.Text(200), random), .. Message(random.Text(200), random), .. Frame(0x88, [])]);
            try
            {
                await ReadAsync(talk, random);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Failed with seed {seed + run}: {exception.Message}", exception);
            }
        }
    }

    // Its length, added to the bytes that are there already, must not wrap around to a small number.
    [Fact]
    public async Task Continuation_OfTheLargestLengthThereIs_IsTooBig()
    {
        byte[] talk = [.. Frame(0x01, "a"u8.ToArray()), .. WebSocketFrameTests.Header(0x80, long.MaxValue, 7), 1, 2, 3];

        Assert.Equal((CloseReason.TooBig, 1009), await EndAsync(talk));
    }

    [Theory]
    [InlineData(1000, 1000)]
    [InlineData(4321, 4321)]
    [InlineData(1005, 1002)] // never sent
    [InlineData(999, 1002)]
    public async Task Close_OfTheClient_IsAnswered(int code, int answer)
    {
        var payload = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);

        Assert.Equal(answer, (await EndAsync(Frame(0x88, payload))).Code);
    }

    [Fact]
    public async Task Frames_OutOfTheirOrder_AreAProtocolError()
    {
        Assert.Equal(1002, (await EndAsync(Frame(0x80, "a"u8.ToArray()))).Code); // continues nothing
        Assert.Equal(1002, (await EndAsync([.. Frame(0x01, "a"u8.ToArray()), .. Frame(0x81, "b"u8.ToArray())])).Code); // inside another
    }

    [Fact]
    public async Task Ping_BetweenFragments_IsAnsweredAtOnce()
    {
        byte[] talk = [.. Frame(0x01, "a"u8.ToArray()), .. Frame(0x89, "hi"u8.ToArray()), .. Frame(0x80, "b"u8.ToArray())];
        var (read, sent, _) = await ReadAsync(talk, new Random(1));

        Assert.Equal(["ab"], read);
        Assert.Equal([0x8A, 2, (byte)'h', (byte)'i'], sent);
    }

    // The node closes the connection for the first frame, while the client is in the midst of a message. Its answer to the close frame comes behind the rest.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Close_OfAClient_BehindTheRestOfItsMessage_EndsTheReading(bool isInAMessage)
    {
        byte[] begun = isInAMessage ? Frame(0x01, "a"u8.ToArray()) : [];
        byte[] rest = isInAMessage ? Frame(0x80, "b"u8.ToArray()) : [.. Frame(0x01, "a"u8.ToArray()), .. Frame(0x80, "b"u8.ToArray())];
        var pipe = new Pipe();
        var reading = NewConnection(pipe.Reader, new FakeSender()).ReadAsync(new Reader());
        await pipe.Writer.WriteAsync((byte[])[.. begun, .. Frame(0x82, "x"u8.ToArray()), .. rest, .. Frame(0x81, "c"u8.ToArray()), .. Frame(0x88, [])]);

        Assert.Equal(CloseReason.Binary, await reading.WaitAsync(Deadline));
    }

    private static async Task<(CloseReason Reason, int Code)> EndAsync(byte[] talk)
    {
        var (_, sent, reason) = await ReadAsync(talk, new Random(1));
        return (reason, sent is [0x88, _, var high, var low, ..] ? (high << 8) | low : 0);
    }

    private static async Task<(List<string> Read, byte[] Sent, CloseReason Reason)> ReadAsync(byte[] talk, Random random)
    {
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 64));
        var sender = new FakeSender();
        var reader = new Reader();
        var reading = NewConnection(pipe.Reader, sender).ReadAsync(reader);
        for (var at = 0; at < talk.Length;)
        {
            var length = Math.Min(random.Next(1, random.Next(2) == 0 ? 4 : 400), talk.Length - at);
            var written = await pipe.Writer.WriteAsync(talk.AsMemory(at, length)).AsTask().WaitAsync(Deadline);
            at += length;
            if (written.IsCompleted || reading.IsCompleted)
            {
                break;
            }
        }

        await pipe.Writer.CompleteAsync();
        var reason = await reading.WaitAsync(Deadline);
        return (reader.Messages, sender.Sent, reason);
    }

    private static WebSocketConnection NewConnection(PipeReader input, FakeSender sender)
    {
        var options = Options.Create(new ConnectionOptions { MessageBytes = 4096, MessagesPerSecond = 0, BytesPerSecond = 0, UserMessagesPerSecond = 0, UserBytesPerSecond = 0 });
        var table = new ConnectionTable(options, new ConnectionMetrics(NoMeters.Instance), TimeProvider.System);
        return new WebSocketConnection(1, "u1", WebSocketFormat.Text, new PipeSource(input), sender, table, TestTopics.New(), new MemoryBackplane()) { Access = TestAccess.Of("u1") };
    }

    private static byte[] Message(string text, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var talk = new List<byte>();
        for (var (at, first, last) = (0, true, false); !last; first = false)
        {
            var length = random.Next(3) == 0 ? random.Next(bytes.Length - at + 1) : bytes.Length - at;
            last = at + length == bytes.Length;
            talk.AddRange(Frame((byte)((last ? 0x80 : 0) | (first ? 1 : 0)), bytes[at..(at + length)], random));
            at += length;
            if (random.Next(4) == 0)
            {
                talk.AddRange(Frame((byte)(0x80 | random.Next(9, 11)), random.Bytes(125), random));
            }
        }

        return [.. talk];
    }

    private static byte[] Frame(byte first, byte[] payload, Random? random = null)
    {
        var mask = (uint)(random ?? Random.Shared).Next();
        var masked = payload.ToArray();
        WebSocketFrame.Unmask(masked, mask);
        return [.. WebSocketFrameTests.Header(first, payload.Length, mask), .. masked];
    }

    private sealed class Reader : IMessageReader
    {
        public List<string> Messages { get; } = [];

        public void OnRemoved(WebSocketConnection connection, Topic topic)
        {
            // These connections are in no group.
        }

        public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
        {
            Messages.Add(Encoding.UTF8.GetString(utf8));
            return null;
        }
    }
}
