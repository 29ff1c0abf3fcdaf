using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Edge.Proxy.Relay;

/// <summary>Reads the head of a node's answer (RFC 9112, sections 2 to 5), strictly: anything that could be read in two ways is malformed.</summary>
internal static class ResponseHead
{
    /// <summary>Longer heads are malformed.</summary>
    public const int MaxBytes = 32 * 1024;

    private static readonly SearchValues<byte> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> Control =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(code => code != '\t').Append(127).Select(code => (byte)code)]);

    /// <summary>Reads a head from the start of the bytes.</summary>
    /// <param name="bytes">The bytes that have arrived.</param>
    /// <param name="length">The length of the head, with the empty line.</param>
    /// <param name="response">The answer, without a body.</param>
    public static HeadStatus TryRead(ReadOnlySpan<byte> bytes, out int length, out HttpResponseMessage? response)
    {
        response = null;
        length = bytes[..Math.Min(bytes.Length, MaxBytes)].IndexOf("\r\n\r\n"u8) + 4;
        if (length < 4)
        {
            return bytes.Length >= MaxBytes ? HeadStatus.Malformed : HeadStatus.Incomplete;
        }

        var lines = bytes[..(length - 2)];
        if (!TryTakeLine(ref lines, out var status) || !TryReadStatus(status, out var code, out var reason))
        {
            return HeadStatus.Malformed;
        }

        var read = new HttpResponseMessage((HttpStatusCode)code) { ReasonPhrase = reason, Content = new ByteArrayContent([]) };
        while (!lines.IsEmpty)
        {
            if (!TryTakeLine(ref lines, out var line) || !TryReadHeader(line, read))
            {
                read.Dispose();
                return HeadStatus.Malformed;
            }
        }

        response = read;
        return HeadStatus.Complete;
    }

    private static bool TryTakeLine(ref ReadOnlySpan<byte> lines, out ReadOnlySpan<byte> line)
    {
        var end = lines.IndexOf("\r\n"u8);
        line = lines[..end];
        lines = lines[(end + 2)..];
        return !line.ContainsAny(Control); // these include a lone CR or LF
    }

    // HTTP/1.1 101 Switching Protocols
    private static bool TryReadStatus(ReadOnlySpan<byte> line, out int code, out string reason)
    {
        code = 0;
        reason = "";
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' '
            || !int.TryParse(line[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out code) || code < 100
            || (line.Length > 12 && line[12] != ' '))
        {
            return false;
        }

        reason = line.Length > 13 ? Encoding.Latin1.GetString(line[13..]) : "";
        return true;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> line, HttpResponseMessage response)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(Token)) // a folded line begins with a space, which is no token
        {
            return false;
        }

        var name = Encoding.ASCII.GetString(line[..colon]);
        var value = Encoding.Latin1.GetString(line[(colon + 1)..].Trim(" \t"u8));
        return response.Headers.TryAddWithoutValidation(name, value) || response.Content.Headers.TryAddWithoutValidation(name, value);
    }
}

internal enum HeadStatus
{
    Complete,
    Incomplete,
    Malformed,
}
