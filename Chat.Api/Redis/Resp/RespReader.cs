using System.Buffers.Text;
using System.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>Redis sent something that is not RESP2; the link it came over is of no more use.</summary>
internal sealed class RespException(string message) : Exception(message);

/// <summary>Reads replies (RESP2) from bytes that hold at least one whole reply.</summary>
/// <remarks>Its input looks like <c>*3\r\n$7\r\nmessage\r\n$3\r\nall\r\n$2\r\nhi\r\n</c>.</remarks>
internal ref struct RespReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 8; // ours never nest deeper than 3; anything else is garbage
    private const int MaxLine = 64 * 1024; // a line is a number, a status or an error
    private const int MaxBulk = 512 * 1024 * 1024; // Redis's own limit

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>What comes next: one of <c>+ - : $ *</c>.</summary>
    public readonly byte Kind => _rest.IsEmpty ? throw new RespException("The reply ends too early.") : _rest[0];

    /// <summary>Whether a whole reply stands at the start of the bytes, and how long it is.</summary>
    public static bool TryMeasure(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        return TryMeasure(bytes, ref length, 0);
    }

    public int ReadArray() => Kind == '*' ? checked((int)Number(Line())) : throw Unexpected("an array");

    public long ReadInteger() => Kind == ':' ? Number(Line()) : throw Unexpected("an integer");

    /// <summary>The text of a simple string or an error, its kind already seen.</summary>
    public string ReadLine() => Encoding.UTF8.GetString(Line());

    /// <summary>A bulk string; <paramref name="isNull"/> for a missing value.</summary>
    public ReadOnlySpan<byte> ReadBulk(out bool isNull)
    {
        if (Kind == '+')
        {
            isNull = false;
            return Line();
        }

        if (Kind != '$')
        {
            throw Unexpected("a string");
        }

        var count = (int)Number(Line());
        isNull = count < 0;
        if (isNull)
        {
            return default;
        }

        var value = _rest[..count];
        _rest = _rest[(count + 2)..];
        return value;
    }

    public ReadOnlySpan<byte> ReadBulk() => ReadBulk(out _);

    /// <summary>The next value of whatever kind: string bytes, a long, an array of these, a <see cref="RedisError"/> or null.</summary>
    public object? ReadAny()
    {
        switch (Kind)
        {
            case (byte)'-':
                return new RedisError(ReadLine());
            case (byte)':':
                return ReadInteger();
            case (byte)'*':
                var count = ReadArray();
                if (count < 0)
                {
                    return null;
                }

                var items = new object?[count];
                for (var i = 0; i < count; i++)
                {
                    items[i] = ReadAny();
                }

                return items;
            default:
                var bytes = ReadBulk(out var isNull);
                return isNull ? null : bytes.ToArray();
        }
    }

    private static bool TryMeasure(ReadOnlySpan<byte> bytes, ref int position, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new RespException("The reply nests too deep.");
        }

        var rest = bytes[position..];
        var end = rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            return rest.Length <= MaxLine ? false : throw new RespException("A line of the reply has no end.");
        }

        if (end < 2 || rest[end - 1] != '\r')
        {
            throw new RespException("A line of the reply does not end in CR LF.");
        }

        position += end + 1;
        switch (rest[0])
        {
            case (byte)'+' or (byte)'-' or (byte)':':
                return true;
            case (byte)'$':
                var count = Number(rest[1..(end - 1)]);
                if (count > MaxBulk)
                {
                    throw new RespException("A string of the reply is too long.");
                }

                position = count < 0 ? position : position + (int)count + 2;
                return position >= 0 && position <= bytes.Length;
            case (byte)'*':
                for (var i = Number(rest[1..(end - 1)]); i > 0; i--)
                {
                    if (!TryMeasure(bytes, ref position, depth + 1))
                    {
                        return false;
                    }
                }

                return true;
            default:
                throw new RespException($"A reply cannot begin with byte {rest[0]}.");
        }
    }

    private ReadOnlySpan<byte> Line()
    {
        var end = _rest.IndexOf((byte)'\n');
        var line = _rest[1..(end - 1)];
        _rest = _rest[(end + 1)..];
        return line;
    }

    private static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long value, out var used) && used == digits.Length
            ? value
            : throw new RespException("A length or integer of the reply is no number.");

    private readonly RespException Unexpected(string wanted) => new($"Expected {wanted}, got kind '{(char)Kind}'.");
}

/// <summary>An error reply, such as <c>NOSCRIPT No matching script.</c></summary>
internal sealed record RedisError(string Message);
