using System.Buffers.Text;
using System.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>Redis sent something that is not RESP. The link over which it came can no longer be used.</summary>
internal class RespException(string message) : Exception(message);

/// <summary>The server that answers is a replica, although the link is for commands.</summary>
/// <param name="primaryInCluster">Its primary, if both belong to a Redis Cluster.</param>
internal sealed class ReplicaException((string Host, int Port)? primaryInCluster) : RespException("it is a replica, which takes no writes")
{
    public (string Host, int Port)? PrimaryInCluster => primaryInCluster;
}

/// <summary>Reads replies (RESP2 and RESP3) from bytes that hold at least one whole reply.</summary>
/// <remarks>Its input looks like <c>*3\r\n$7\r\nmessage\r\n$3\r\nall\r\n$2\r\nhi\r\n</c>. The additional types of RESP3 are read as what
/// RESP2 has in their place: a map as an array of keys and values, a set and a push as an array, a double as its text.</remarks>
internal ref struct RespReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDepth = 8; // ours never nest deeper than 3; anything else is garbage
    private const int MaxLine = 64 * 1024; // a line is a number, a status or an error
    private const int MaxItems = int.MaxValue / 2; // a map has twice as many values
    private const int MaxBulk = 512 * 1024 * 1024; // Redis's own limit

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>How many bytes are left.</summary>
    public readonly int Length => _rest.Length;

    /// <summary>What comes next: one of <c>+ - : $ *</c>, and in RESP3 one of <c>_ # , ( ! = % ~ &gt;</c>.</summary>
    public readonly byte Kind => _rest.IsEmpty ? throw new RespException("The reply ends too early.") : _rest[0];

    /// <summary>Whether a whole reply stands at the start of the bytes, and how long it is.</summary>
    public static bool TryMeasure(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        return TryMeasure(bytes, ref length, 0);
    }

    public int ReadArray() => Kind switch
    {
        (byte)'*' or (byte)'~' or (byte)'>' => checked((int)Number(Line())),
        (byte)'%' => checked((int)Number(Line()) * 2),
        _ => throw Unexpected("an array"),
    };

    public long ReadInteger() => Kind == ':' ? Number(Line()) : throw Unexpected("an integer");

    /// <summary>The text of a simple string or an error, whose kind has been seen already.</summary>
    public string ReadLine() => Encoding.UTF8.GetString(Line());

    /// <summary>A bulk string; <paramref name="isNull"/> for a missing value.</summary>
    public ReadOnlySpan<byte> ReadBulk(out bool isNull)
    {
        const int VerbatimType = 4; // of a verbatim string: txt: or mkd:
        var kind = Kind;
        if (kind is (byte)'+' or (byte)',' or (byte)'(' or (byte)'_')
        {
            var line = Line();
            isNull = kind == '_';
            return isNull ? default : line;
        }

        if (kind is not ((byte)'$' or (byte)'='))
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
        return kind == '=' && count >= VerbatimType ? value[VerbatimType..] : value;
    }

    public ReadOnlySpan<byte> ReadBulk() => ReadBulk(out _);

    /// <summary>The next value of whatever kind: string bytes, a long, an array of these, a <see cref="RedisError"/> or null.</summary>
    public object? ReadAny()
    {
        switch (Kind)
        {
            case (byte)'-':
                return new RedisError(ReadLine());
            case (byte)'!':
                var length = (int)Number(Line());
                var message = _rest[..length];
                _rest = _rest[(length + 2)..];
                return new RedisError(Encoding.UTF8.GetString(message));
            case (byte)':':
                return ReadInteger();
            case (byte)'#':
                return Line() is [(byte)'t'] ? 1L : 0L; // as in RESP2
            case (byte)'*' or (byte)'~' or (byte)'>' or (byte)'%':
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
            case (byte)'+' or (byte)'-' or (byte)':' or (byte)'_' or (byte)'#' or (byte)',' or (byte)'(':
                return true;
            case (byte)'$' or (byte)'=' or (byte)'!':
                var count = Number(rest[1..(end - 1)]);
                if (count > MaxBulk || (count < 0 && rest[0] != '$'))
                {
                    throw new RespException("A string of the reply has no length that it can have.");
                }

                position = count < 0 ? position : position + (int)count + 2;
                return position >= 0 && position <= bytes.Length;
            case (byte)'*' or (byte)'~' or (byte)'>' or (byte)'%':
                var items = Number(rest[1..(end - 1)]);
                if (items > MaxItems)
                {
                    throw new RespException("An array of the reply is too long.");
                }

                for (items *= rest[0] == '%' ? 2 : 1; items > 0; items--)
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
