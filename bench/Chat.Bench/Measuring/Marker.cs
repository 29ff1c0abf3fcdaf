using System.Buffers.Binary;

namespace Chat.Bench.Measuring;

/// <summary>The mark in each message: its run, sender, number and due time. It consists of letters, which no format escapes.</summary>
/// <param name="Run">The run, so that messages left over from an earlier run do not count as deliveries.</param>
/// <param name="Sender">The connection's number.</param>
/// <param name="Number">Counted from 0 for each sender.</param>
/// <param name="DueAt">Microseconds, the lower 32 bits.</param>
internal readonly record struct Marker(uint Run, uint Sender, uint Number, uint DueAt)
{
    public const int Length = 1 + (4 * Letters);

    private const byte First = (byte)'~';
    private const int Letters = 8;
    private const ulong OfA = 0x6161_6161_6161_6161;

    public void Write(Span<byte> to)
    {
        to[0] = First;
        Write(to[1..], Run);
        Write(to[(1 + Letters)..], Sender);
        Write(to[(1 + (2 * Letters))..], Number);
        Write(to[(1 + (3 * Letters))..], DueAt);
    }

    /// <summary>Finds the next marker and moves behind it.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> text, out Marker marker)
    {
        marker = default;
        while (text.IndexOf(First) is var at and >= 0 && text.Length - at >= Length)
        {
            text = text[(at + 1)..];
            if (TryRead(text, out var run) && TryRead(text[Letters..], out var sender)
                && TryRead(text[(2 * Letters)..], out var number) && TryRead(text[(3 * Letters)..], out var dueAt))
            {
                marker = new Marker(run, sender, number, dueAt);
                text = text[(4 * Letters)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>A number in the letters of a marker.</summary>
    public static string TextOf(uint number)
    {
        Span<byte> letters = stackalloc byte[Letters];
        Write(letters, number);
        return System.Text.Encoding.ASCII.GetString(letters);
    }

    // Turns four bits into a letter, all eight at once: the halves of the number are moved apart, then the halves of these, then theirs.
    private static void Write(Span<byte> to, uint number)
    {
        ulong bits = number;
        bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF;
        bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF;
        bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F;
        BinaryPrimitives.WriteUInt64LittleEndian(to, bits + OfA);
    }

    private static bool TryRead(ReadOnlySpan<byte> from, out uint number)
    {
        var bits = BinaryPrimitives.ReadUInt64LittleEndian(from) - OfA;
        var isOurs = (bits & 0xF0F0_F0F0_F0F0_F0F0) == 0;
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF;
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF;
        number = (uint)(bits | bits >> 16);
        return isOurs;
    }
}
