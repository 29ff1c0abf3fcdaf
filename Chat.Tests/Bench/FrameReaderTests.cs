using System.Buffers.Binary;
using Chat.Bench.Clients;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Bench;

public sealed class FrameReaderTests
{
    [Fact]
    public void Messages_HoweverTheyAreCut_ArriveWhole() => Fuzz.Run(300, random =>
    {
        var (sent, bytes) = Conversation(random);

        Assert.Equal(sent, Read(bytes, () => random.Next(3) == 0 ? 1 : random.Next(1, 200)));
    });

    [Fact]
    public void Message_LargerThanTheBuffer_ArrivesWhole()
    {
        var payload = new byte[5000];
        Random.Shared.NextBytes(payload);

        Assert.Equal([new(Opcode.Binary, Convert.ToHexString(payload))], Read(Frame(isFinal: true, Opcode.Binary, payload), () => 700));
    }

    [Theory]
    [InlineData(0xC1, 0x00)] // an extension
    [InlineData(0x81, 0x80)] // masked
    [InlineData(0x80, 0x00)] // continues nothing
    public void Bytes_ThatNoServerSends_AreBroken(byte first, byte second)
    {
        var reader = new FrameReader();
        ReadOnlySpan<byte> bytes = [first, second, 0, 0, 0, 0];

        Assert.False(reader.TryNext(ref bytes, out _, out _));
        Assert.True(reader.IsBroken);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    public void ClientFrame_Unmasked_IsThePayload(int length)
    {
        var payload = new byte[length];
        Random.Shared.NextBytes(payload);
        var frame = ClientFrame.Of(Opcode.Text, payload);

        var header = frame.Length - length;
        Assert.Equal(0x80, frame[1] & 0x80);
        Assert.Equal(payload, frame[header..].Select((octet, i) => (byte)(octet ^ frame[header - 4 + (i % 4)])));
    }

    // Reads with a buffer so small that it has to grow.
    private static List<Message> Read(byte[] bytes, Func<int> length)
    {
        var reader = new FrameReader();
        var buffer = new byte[512];
        var read = new List<Message>();
        for (var at = 0; at < bytes.Length;)
        {
            reader.Resume(ref buffer, out var kept);
            var count = Math.Min(Math.Min(length(), bytes.Length - at), buffer.Length - kept);
            bytes.AsSpan(at, count).CopyTo(buffer.AsSpan(kept));
            at += count;
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, kept + count);
            while (reader.TryNext(ref rest, out var opcode, out var payload))
            {
                read.Add(new Message(opcode, Convert.ToHexString(payload)));
            }

            Assert.False(reader.IsBroken);
            reader.Keep(rest);
        }

        return read;
    }

    private static (List<Message> Sent, byte[] Bytes) Conversation(Random random)
    {
        var (sent, bytes) = (new List<Message>(), new List<byte>());
        for (var left = random.Next(1, 12); left > 0; left--)
        {
            var payload = random.Bytes(random.Next(4) == 0 ? 2000 : 130);
            var opcode = random.Next(2) == 0 ? Opcode.Text : Opcode.Binary;
            var cuts = Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(payload.Length + 1)).Order().ToArray();
            foreach (var (i, (from, to)) in cuts.Prepend(0).Zip(cuts.Append(payload.Length)).Index())
            {
                bytes.AddRange(Frame(isFinal: i == cuts.Length, i == 0 ? opcode : Opcode.Continuation, payload[from..to]));
                if (i < cuts.Length && random.Next(2) == 0)
                {
                    bytes.AddRange(Frame(isFinal: true, Opcode.Ping, [1])); // between the fragments
                    sent.Add(new Message(Opcode.Ping, "01"));
                }
            }

            sent.Add(new Message(opcode, Convert.ToHexString(payload)));
        }

        return (sent, bytes.ToArray());
    }

    private static byte[] Frame(bool isFinal, Opcode opcode, byte[] payload)
    {
        var first = (byte)((isFinal ? 0x80 : 0) | (byte)opcode);
        var length = new byte[8];
        switch (payload.Length)
        {
            case < 126:
                return [first, (byte)payload.Length, .. payload];
            case <= ushort.MaxValue:
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)payload.Length);
                return [first, 126, .. length[..2], .. payload];
            default:
                BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)payload.Length);
                return [first, 127, .. length, .. payload];
        }
    }

    private sealed record Message(Opcode Opcode, string Payload);
}
