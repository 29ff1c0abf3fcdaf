using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Chat.Api.Connections;

namespace Chat.Api.WebSockets;

/// <summary>Builds a WebSocket frame. There is one writer per thread, which is reused.</summary>
internal sealed class FrameWriter : IBufferWriter<byte>
{
    private const int MaxHeader = 10;
    private const int KeptBuffer = 128 * 1024;

    [ThreadStatic]
    private static FrameWriter? current;

    private byte[] _buffer = new byte[4096];
    private int _end;

    /// <summary>This thread's writer, empty. What was written before is gone.</summary>
    public static FrameWriter Begin()
    {
        var writer = current ??= new FrameWriter();
        if (writer._buffer.Length > KeptBuffer)
        {
            writer._buffer = new byte[4096]; // one large frame must not stay with its thread forever
        }

        writer._end = MaxHeader; // the payload goes after the space for the longest header
        return writer;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _end += bytes.Length;
    }

    public void Write(long number)
    {
        System.Buffers.Text.Utf8Formatter.TryFormat(number, GetSpan(20), out var digits);
        _end += digits;
    }

    public Frame End(WebSocketOpcode opcode)
    {
        var length = _end - MaxHeader;
        var start = length switch
        {
            < 126 => MaxHeader - 2,
            <= ushort.MaxValue => MaxHeader - 4,
            _ => 0,
        };
        _buffer[start] = (byte)(0x80 | (int)opcode); // FIN: never fragmented
        switch (length)
        {
            case < 126:
                _buffer[start + 1] = (byte)length;
                break;
            case <= ushort.MaxValue:
                _buffer[start + 1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(start + 2), (ushort)length);
                break;
            default:
                _buffer[start + 1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(_buffer.AsSpan(start + 2), (ulong)length);
                break;
        }

        return new Frame(_buffer[start.._end]);
    }

    /// <summary>A close frame (RFC 6455, section 5.5.1).</summary>
    public static Frame Close(CloseReason reason)
    {
        var writer = Begin();
        BinaryPrimitives.WriteUInt16BigEndian(writer.GetSpan(2), (ushort)reason.Code);
        writer.Advance(2);
        writer.Write(Encoding.UTF8.GetBytes(reason.Text));
        return writer.End(WebSocketOpcode.Close);
    }

    /// <summary>Ends without a header, for protocols with their own framing.</summary>
    public Frame End() => new(_buffer[MaxHeader.._end]);

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_end);
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _end < Math.Max(count, 1))
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _end + count));
        }
    }
}
