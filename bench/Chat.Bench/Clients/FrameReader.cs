using System.Buffers.Binary;

namespace Chat.Bench.Clients;

/// <summary>Reads a server's frames in the buffer where they arrived. It copies only frames that a read cuts in two, and fragmented messages.</summary>
/// <remarks>One round: call <see cref="Resume"/>, receive behind the bytes it restored, call <see cref="TryNext"/> until there is no further message,
/// and <see cref="Keep"/> the rest.</remarks>
internal struct FrameReader
{
    private const int MaxMessage = 64 << 20;

    private byte[]? _rest; // the beginning of a frame
    private List<byte>? _fragments;
    private Opcode _opcode; // of the fragmented message

    /// <summary>Whether the bytes are not a server's WebSocket frames.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Restores the bytes kept by the last round at the beginning of the buffer, which grows if they fill much of it. Returns their length.</summary>
    public void Resume(ref byte[] buffer, out int length)
    {
        length = _rest?.Length ?? 0;
        if (length > buffer.Length / 2)
        {
            buffer = GC.AllocateUninitializedArray<byte>(buffer.Length * 2, pinned: true);
        }

        _rest?.CopyTo(buffer, 0);
        _rest = null;
    }

    /// <summary>Reads the next message or control frame and moves behind it.</summary>
    public bool TryNext(ref ReadOnlySpan<byte> bytes, out Opcode opcode, out ReadOnlySpan<byte> payload)
    {
        while (TryFrame(ref bytes, out var isFinal, out opcode, out payload))
        {
            if (opcode >= Opcode.Close || (isFinal && opcode != Opcode.Continuation && _fragments is null))
            {
                return true;
            }

            if (!TryCollect(opcode, payload))
            {
                return false;
            }

            if (isFinal)
            {
                opcode = _opcode;
                payload = _fragments!.ToArray();
                _fragments = null;
                return true;
            }
        }

        return false;
    }

    public void Keep(ReadOnlySpan<byte> rest) => _rest = rest.IsEmpty ? null : rest.ToArray();

    private bool TryCollect(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        if (opcode == Opcode.Continuation == (_fragments is null) || (_fragments?.Count ?? 0) + payload.Length > MaxMessage)
        {
            IsBroken = true;
            return false;
        }

        _opcode = _fragments is null ? opcode : _opcode;
        (_fragments ??= []).AddRange(payload);
        return true;
    }

    private bool TryFrame(ref ReadOnlySpan<byte> bytes, out bool isFinal, out Opcode opcode, out ReadOnlySpan<byte> payload)
    {
        (isFinal, opcode) = (false, default);
        payload = default;
        if (bytes.Length < 2)
        {
            return false;
        }

        var (first, second) = (bytes[0], bytes[1]);
        var header = second < 126 ? 2 : second == 126 ? 4 : 10;
        IsBroken |= (first & 0x70) != 0 || second > 127; // extensions that were not negotiated, or a mask, which a server never sets
        if (IsBroken || bytes.Length < header)
        {
            return false;
        }

        var length = header switch
        {
            2 => second,
            4 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
        };
        IsBroken = length > MaxMessage;
        if (IsBroken || (ulong)(bytes.Length - header) < length)
        {
            return false;
        }

        (isFinal, opcode) = ((first & 0x80) != 0, (Opcode)(first & 0x0F));
        payload = bytes.Slice(header, (int)length);
        bytes = bytes[(header + (int)length)..];
        return true;
    }
}
