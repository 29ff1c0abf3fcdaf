using System.Buffers.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>Writes Redis commands (RESP2: <c>*2\r\n$4\r\nPING\r\n$1\r\nx\r\n</c>) into one growing, reusable array.</summary>
internal sealed class CommandBuffer
{
    private byte[] _bytes = new byte[512];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>The place of the argument that the link fills in (<see cref="Life"/>); -1 if there is none.</summary>
    public int LifeAt { get; private set; } = -1;

    public void Clear()
    {
        (Length, LifeAt) = (0, -1);
        if (_bytes.Length > 64 * 1024)
        {
            _bytes = new byte[512]; // one large message must not stay forever in a pooled buffer
        }
    }

    /// <summary>Begins a command of that many arguments, its name included.</summary>
    public CommandBuffer Command(int arguments)
    {
        Header((byte)'*', arguments);
        return this;
    }

    public CommandBuffer Bulk(ReadOnlySpan<byte> a)
    {
        Header((byte)'$', a.Length);
        Raw(a);
        Raw("\r\n"u8);
        return this;
    }

    /// <summary>One argument put together from several pieces.</summary>
    public CommandBuffer Bulk(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c = default, ReadOnlySpan<byte> d = default)
    {
        Header((byte)'$', a.Length + b.Length + c.Length + d.Length);
        Raw(a);
        Raw(b);
        Raw(c);
        Raw(d);
        Raw("\r\n"u8);
        return this;
    }

    /// <summary>An argument that is the server's life. The link fills it in each time the command is sent: so a command that was built
    /// before a reconnect, or is sent again to another server, cannot carry a life that has ended.</summary>
    public CommandBuffer Life()
    {
        Header((byte)'$', ServerLife.Length);
        LifeAt = Length;
        return Raw(ServerLife.UnknownUtf8).Raw("\r\n"u8);
    }

    public CommandBuffer Bulk(string text) => Bulk(System.Text.Encoding.UTF8.GetBytes(text));

    public CommandBuffer Bulk(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, digits, out var length);
        return Bulk(digits[..length]);
    }

    /// <summary>Bytes that belong to no command, or to a text that becomes one argument of another command.</summary>
    public CommandBuffer Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
        return this;
    }

    /// <inheritdoc cref="Raw(ReadOnlySpan{byte})"/>
    public CommandBuffer Raw(long number)
    {
        Utf8Formatter.TryFormat(number, Reserve(20), out var digits);
        Length += digits;
        return this;
    }

    private void Header(byte kind, int number)
    {
        var span = Reserve(16);
        span[0] = kind;
        Utf8Formatter.TryFormat(number, span[1..], out var digits);
        span[1 + digits] = (byte)'\r';
        span[2 + digits] = (byte)'\n';
        Length += 3 + digits;
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }

        return _bytes.AsSpan(Length);
    }
}
