using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Chat.Bench.Clients;

/// <summary>Frames as a client sends them.</summary>
internal static class ClientFrame
{
    public const int MaxHeader = 14;

    // A client masks its frames so that pages cannot make a browser send bytes of their choice. There is no browser here, so one fixed mask will do.
    private const uint Mask = 0x5AC3_96E7;
    private const ulong TwoMasks = (ulong)Mask << 32 | Mask;

    /// <summary>Writes the header. The caller puts the payload right behind it and then calls <see cref="Cover"/>.</summary>
    /// <returns>The header's length.</returns>
    public static int Begin(Span<byte> to, Opcode opcode, int length)
    {
        to[0] = (byte)(0x80 | (byte)opcode);
        var at = 2;
        if (length < 126)
        {
            to[1] = (byte)(0x80 | length);
        }
        else if (length <= ushort.MaxValue)
        {
            to[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
            at = 4;
        }
        else
        {
            to[1] = 0x80 | 127;
            BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)length);
            at = 10;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(to[at..], Mask);
        return at + sizeof(uint);
    }

    /// <summary>Masks the payload.</summary>
    public static void Cover(Span<byte> payload)
    {
        var whole = MemoryMarshal.Cast<byte, ulong>(payload);
        for (var i = 0; i < whole.Length; i++)
        {
            whole[i] ^= BitConverter.IsLittleEndian ? TwoMasks : BinaryPrimitives.ReverseEndianness(TwoMasks);
        }

        for (var i = whole.Length * sizeof(ulong); i < payload.Length; i++)
        {
            payload[i] ^= (byte)(Mask >> (8 * (i % sizeof(uint))));
        }
    }

    public static byte[] Of(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[MaxHeader + payload.Length];
        var header = Begin(frame, opcode, payload.Length);
        payload.CopyTo(frame.AsSpan(header));
        Cover(frame.AsSpan(header, payload.Length));
        return frame[..(header + payload.Length)];
    }
}
