using System.Buffers;
using System.Buffers.Binary;
using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.WebSockets;

public sealed class WebSocketFrameTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(long.MaxValue)]
    public void Header_OfEveryLength_IsRead(long length)
    {
        var header = Header(0x81, length, 0x04030201);

        Assert.Equal(FrameStatus.Complete, WebSocketFrame.TryRead(header, out var frame));
        Assert.Equal(new WebSocketFrame(true, WebSocketOpcode.Text, length, 0x04030201, header.Length), frame);
        for (var cut = 0; cut < header.Length; cut++)
        {
            Assert.Equal(FrameStatus.Incomplete, WebSocketFrame.TryRead(header.AsSpan(0, cut), out _));
        }
    }

    [Theory]
    [InlineData(0x81, 0x05)] // not masked
    [InlineData(0xC1, 0x85)] // a reserved bit
    [InlineData(0xA1, 0x85)]
    [InlineData(0x91, 0x85)]
    [InlineData(0x83, 0x85)] // reserved opcodes
    [InlineData(0x8B, 0x85)]
    [InlineData(0x09, 0x85)] // a fragmented ping
    [InlineData(0x88, 0xFE)] // a close of more than 125 bytes
    public void Header_ThatAClientMustNotSend_IsMalformed(byte first, byte second) =>
        Assert.Equal(FrameStatus.Malformed, WebSocketFrame.TryRead([first, second], out _));

    [Fact]
    public void Frame_TakenInPieces_IsUnmaskedAsIfWhole()
    {
        var whole = Enumerable.Range(0, 40).Select(i => (byte)i).ToArray();
        var masked = whole.ToArray();
        WebSocketFrame.Unmask(masked, 0x12345678);
        for (var first = 0; first <= whole.Length; first++)
        {
            var (start, rest) = new WebSocketFrame(Fin: true, WebSocketOpcode.Text, whole.Length, 0x12345678, HeaderLength: 6).Split(first);
            var (second, third) = rest.Split(rest.PayloadLength / 3);
            var bytes = masked.ToArray();
            var at = 0;
            foreach (var piece in (WebSocketFrame[])[start, second, third])
            {
                WebSocketFrame.Unmask(bytes.AsSpan(at, (int)piece.PayloadLength), piece.Mask);
                at += (int)piece.PayloadLength;
            }

            Assert.Equal(whole, bytes);
            Assert.Equal((false, WebSocketOpcode.Text, 6), (start.Fin, start.Opcode, start.HeaderLength));
            Assert.Equal((false, WebSocketOpcode.Continuation, 0), (second.Fin, second.Opcode, second.HeaderLength));
            Assert.Equal((true, WebSocketOpcode.Continuation, 0), (third.Fin, third.Opcode, third.HeaderLength));
        }
    }

    [Fact]
    public void Length_WithItsHighestBitSet_IsMalformed() =>
        Assert.Equal(FrameStatus.Malformed, WebSocketFrame.TryRead([0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], out _));

    [Fact]
    public void AnyBytes_InAnyPieces_AreReadAsTheSpecificationSays() => Fuzz.Run(50_000, random =>
    {
        long[] lengths = [0, 1, 125, 126, 127, 65_535, 65_536, long.MaxValue, random.NextInt64()];
        var valid = Header((byte)((random.Next(2) << 7) | random.Next(11)), lengths[random.Next(lengths.Length)], (uint)random.Next());
        var bytes = random.Next(3) switch
        {
            0 => random.Bytes(20),
            1 => random.Mutate(valid),
            _ => [.. valid, .. random.Bytes(6)],
        };

        var expected = Reference(bytes, out var frame);
        Assert.Equal(expected, WebSocketFrame.TryRead(bytes, out var whole));
        Assert.Equal(expected, WebSocketFrame.TryRead(Split(bytes, random), out var split));
        Assert.Equal((frame, frame), (whole, split));
    });

    [Fact]
    public void Payload_OfAnyLength_IsUnmasked() => Fuzz.Run(5_000, random =>
    {
        var plain = random.Bytes(70);
        var mask = BitConverter.GetBytes(random.Next());
        var masked = plain.Select((octet, i) => (byte)(octet ^ mask[i % 4])).ToArray();

        WebSocketFrame.Unmask(masked, BitConverter.ToUInt32(mask));

        Assert.Equal(plain, masked);
    });

    /// <summary>A client's header, in the shortest form.</summary>
    internal static byte[] Header(byte first, long length, uint mask)
    {
        Span<byte> bytes = stackalloc byte[14];
        bytes[0] = first;
        var end = 2;
        switch (length)
        {
            case < 126:
                bytes[1] = (byte)(0x80 | length);
                break;
            case <= ushort.MaxValue:
                bytes[1] = 0x80 | 126;
                BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)length);
                end = 4;
                break;
            default:
                bytes[1] = 0x80 | 127;
                BinaryPrimitives.WriteInt64BigEndian(bytes[2..], length);
                end = 10;
                break;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes[end..], mask);
        return bytes[..(end + 4)].ToArray();
    }

    /// <summary>Splits the bytes the way they might lie in receive buffers.</summary>
    internal static ReadOnlySequence<byte> Split(byte[] bytes, Random random)
    {
        var first = new Piece(bytes.AsMemory(0, 0), null);
        var last = first;
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, 6), bytes.Length - at);
            last = new Piece(bytes.AsMemory(at, length), last);
            at += length;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    // Implements RFC 6455, section 5.2, literally and slowly.
    private static FrameStatus Reference(byte[] bytes, out WebSocketFrame frame)
    {
        frame = default;
        if (bytes.Length < 2)
        {
            return FrameStatus.Incomplete;
        }

        var (fin, opcode, short7) = (bytes[0] >= 128, bytes[0] % 16, bytes[1] % 128);
        var known = opcode is 0 or 1 or 2 or 8 or 9 or 10;
        if (bytes[0] % 128 / 16 != 0 || bytes[1] < 128 || !known || (opcode >= 8 && (!fin || short7 > 125)))
        {
            return FrameStatus.Malformed;
        }

        var extra = short7 == 126 ? 2 : short7 == 127 ? 8 : 0;
        if (bytes.Length < 2 + extra + 4)
        {
            return FrameStatus.Incomplete;
        }

        var length = extra == 0 ? (UInt128)short7 : bytes.Skip(2).Take(extra).Aggregate(UInt128.Zero, (sum, octet) => (sum * 256) + octet);
        if (length > (UInt128)long.MaxValue)
        {
            return FrameStatus.Malformed;
        }

        frame = new WebSocketFrame(fin, (WebSocketOpcode)opcode, (long)length, BitConverter.ToUInt32(bytes, 2 + extra), 2 + extra + 4);
        return FrameStatus.Complete;
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
