using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Chat.Api.WebSockets;

/// <summary>The header of a frame from a client (RFC 6455, section 5.2).</summary>
/// <remarks><code>
///  0               1               2               3
///  0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
/// +-+-+-+-+-------+-+-------------+-------------------------------+
/// |F|R|R|R| opcode|M| length 7    | length 16 if 126, 64 if 127   |
/// +-+-+-+-+-------+-+-------------+-------------------------------+
/// | mask, 4 bytes (M must be 1 from a client)    | payload ...    |
/// </code></remarks>
internal readonly record struct WebSocketFrame(bool Fin, WebSocketOpcode Opcode, long PayloadLength, uint Mask, int HeaderLength)
{
    public const int MaxHeaderLength = 14;

    public bool IsControl => ((int)Opcode & 8) != 0;

    /// <summary>Reads a header from the start of the bytes.</summary>
    /// <param name="bytes">What has arrived.</param>
    /// <param name="frame">The header, if the result is <see cref="FrameStatus.Complete"/>.</param>
    public static FrameStatus TryRead(ReadOnlySpan<byte> bytes, out WebSocketFrame frame)
    {
        frame = default;
        if (bytes.Length < 2)
        {
            return FrameStatus.Incomplete;
        }

        var fin = (bytes[0] & 0x80) != 0;
        var opcode = (WebSocketOpcode)(bytes[0] & 0x0F);
        var isControl = ((int)opcode & 8) != 0;
        long length = bytes[1] & 0x7F;
        var reserved = (bytes[0] & 0x70) != 0; // no extension was agreed on that would use these bits
        var masked = (bytes[1] & 0x80) != 0;
        if (reserved || !masked || !Enum.IsDefined(opcode) || (isControl && (!fin || length > 125)))
        {
            return FrameStatus.Malformed;
        }

        var lengthBytes = length switch { 126 => 2, 127 => 8, _ => 0 };
        var headerLength = 2 + lengthBytes + 4;
        if (bytes.Length < headerLength)
        {
            return FrameStatus.Incomplete;
        }

        length = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            8 => BinaryPrimitives.ReadInt64BigEndian(bytes[2..]),
            _ => length,
        };
        if (length < 0)
        {
            return FrameStatus.Malformed; // the highest bit must be 0
        }

        var mask = MemoryMarshal.Read<uint>(bytes[(headerLength - 4)..]);
        frame = new WebSocketFrame(fin, opcode, length, mask, headerLength);
        return FrameStatus.Complete;
    }

    /// <summary>Reads a header from bytes that may lie in several pieces.</summary>
    public static FrameStatus TryRead(in ReadOnlySequence<byte> bytes, out WebSocketFrame frame)
    {
        if (bytes.FirstSpan.Length >= MaxHeaderLength || bytes.IsSingleSegment)
        {
            return TryRead(bytes.FirstSpan, out frame);
        }

        Span<byte> header = stackalloc byte[MaxHeaderLength];
        var length = (int)Math.Min(bytes.Length, MaxHeaderLength);
        bytes.Slice(0, length).CopyTo(header);
        return TryRead(header[..length], out frame);
    }

    /// <summary>Splits a frame: the start of its payload becomes a frame of its own, and the rest a frame that continues it and has no
    /// header.</summary>
    public (WebSocketFrame Start, WebSocketFrame Remainder) Split(long length)
    {
        var turn = (int)(length % sizeof(uint)) * 8;
        var mask = BitConverter.IsLittleEndian ? BitOperations.RotateRight(Mask, turn) : BitOperations.RotateLeft(Mask, turn);
        return (this with { Fin = false, PayloadLength = length }, new WebSocketFrame(Fin, WebSocketOpcode.Continuation, PayloadLength - length, mask, HeaderLength: 0));
    }

    /// <summary>Masks or unmasks in place (section 5.3).</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="mask">The four mask bytes as they stand in memory.</param>
    public static void Unmask(Span<byte> payload, uint mask)
    {
        var wide = mask | ((ulong)mask << 32);
        var words = MemoryMarshal.Cast<byte, ulong>(payload);
        for (var i = 0; i < words.Length; i++)
        {
            words[i] ^= wide;
        }

        var rest = payload[(words.Length * sizeof(ulong))..];
        var key = MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in wide));
        for (var i = 0; i < rest.Length; i++)
        {
            rest[i] ^= key[i];
        }
    }
}

internal enum FrameStatus
{
    Complete,
    Incomplete,
    Malformed,
}
