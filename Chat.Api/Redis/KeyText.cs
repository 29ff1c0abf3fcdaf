using System.Buffers;
using System.Text;

namespace Chat.Api.Redis;

/// <summary>Encodes ids inside the names of keys and fields: characters that have a meaning there are percent-encoded. <c>{</c> and
/// <c>}</c> delimit a hash tag, <c>:</c> separates, <c>%</c> is the encoding's own. No two ids are encoded alike.</summary>
internal static class KeyText
{
    /// <summary>The factor by which an id can grow.</summary>
    public const int Growth = 3;

    private static readonly SearchValues<byte> Encoded = SearchValues.Create("{}:%"u8);

    public static bool IsPlain(ReadOnlySpan<byte> id) => !id.ContainsAny(Encoded);

    /// <summary>Returns the number of bytes written.</summary>
    public static int Encode(ReadOnlySpan<byte> id, Span<byte> output)
    {
        var length = 0;
        foreach (var octet in id)
        {
            if (Encoded.Contains(octet))
            {
                output[length++] = (byte)'%';
                output[length++] = "0123456789ABCDEF"u8[octet >> 4];
                output[length++] = "0123456789ABCDEF"u8[octet & 15];
            }
            else
            {
                output[length++] = octet;
            }
        }

        return length;
    }

    public static byte[] Encode(string id)
    {
        var utf8 = Encoding.UTF8.GetBytes(id);
        if (IsPlain(utf8))
        {
            return utf8;
        }

        var encoded = new byte[utf8.Length * Growth];
        return encoded[..Encode(utf8, encoded)];
    }

    public static byte[] Decode(ReadOnlySpan<byte> encoded) => Encoding.UTF8.GetBytes(Decode(encoded.ToArray()));

    public static string Decode(byte[] encoded)
    {
        var text = Encoding.UTF8.GetString(encoded);
        return text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text;
    }
}
