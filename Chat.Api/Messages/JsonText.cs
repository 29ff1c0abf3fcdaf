using System.Buffers;
using System.Globalization;
using System.Text;

namespace Chat.Api.Messages;

/// <summary>Converts between plain UTF-8 text and the bytes between the quotes of a JSON string (RFC 8259, section 7).</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    public static bool NeedsEscape(ReadOnlySpan<byte> utf8) => utf8.ContainsAny(MustEscape);

    /// <summary>Escapes only what JSON demands, so that most text is copied as it is.</summary>
    public static void Escape(ReadOnlySpan<byte> utf8, IBufferWriter<byte> output)
    {
        while (true)
        {
            var next = utf8.IndexOfAny(MustEscape);
            if (next < 0)
            {
                output.Write(utf8);
                return;
            }

            output.Write(utf8[..next]);
            switch (utf8[next])
            {
                case (byte)'"':
                    output.Write("\\\""u8);
                    break;
                case (byte)'\\':
                    output.Write("\\\\"u8);
                    break;
                case (byte)'\n':
                    output.Write("\\n"u8);
                    break;
                case (byte)'\r':
                    output.Write("\\r"u8);
                    break;
                case (byte)'\t':
                    output.Write("\\t"u8);
                    break;
                default:
                    output.Write("\\u00"u8);
                    output.Write([(byte)(utf8[next] < 0x10 ? '0' : '1'), "0123456789abcdef"u8[utf8[next] & 15]]);
                    break;
            }

            utf8 = utf8[(next + 1)..];
        }
    }

    /// <summary>The bytes between the quotes for a text. For names, which are escaped once per topic or connection, not per message.</summary>
    public static byte[] Escape(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (!NeedsEscape(utf8))
        {
            return utf8;
        }

        var output = new ArrayBufferWriter<byte>(utf8.Length * 2);
        Escape(utf8, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The text for the bytes between the quotes.</summary>
    public static string ToText(ReadOnlySpan<byte> json)
    {
        if (!json.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(json);
        }

        var plain = new ArrayBufferWriter<byte>(json.Length);
        return TryUnescape(json, plain) ? Encoding.UTF8.GetString(plain.WrittenSpan) : "\uFFFD";
    }

    /// <summary>The text of a JSON string. Returns false if it has an invalid escape or half a surrogate pair; the output is then
    /// incomplete.</summary>
    public static bool TryUnescape(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        while (true)
        {
            var next = json.IndexOf((byte)'\\');
            if (next < 0)
            {
                output.Write(json);
                return true;
            }

            output.Write(json[..next]);
            json = json[next..];
            if (json.Length < 2 || !TryUnescapeOne(ref json, output))
            {
                return false;
            }
        }
    }

    private static bool TryUnescapeOne(ref ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        var plain = json[1] switch
        {
            (byte)'"' => '"',
            (byte)'\\' => '\\',
            (byte)'/' => '/',
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            _ => '\0',
        };
        if (plain != '\0')
        {
            output.Write([(byte)plain]);
            json = json[2..];
            return true;
        }

        if (!TryReadUnit(ref json, out var first))
        {
            return false;
        }

        if (!Rune.TryCreate(first, out var rune) && !(TryReadUnit(ref json, out var second) && Rune.TryCreate(first, second, out rune)))
        {
            return false;
        }

        output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));
        return true;
    }

    // \u00e9
    private static bool TryReadUnit(ref ReadOnlySpan<byte> json, out char unit)
    {
        unit = '\0';
        if (json.Length < 6 || json[0] != '\\' || json[1] != 'u'
            || !ushort.TryParse(json[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        unit = (char)value;
        json = json[6..];
        return true;
    }
}
