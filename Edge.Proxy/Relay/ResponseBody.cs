using System.Globalization;

namespace Edge.Proxy.Relay;

/// <summary>Reads the body of an answer that is not the upgrade: a line or a page that says why. It is read as a whole.</summary>
internal static class ResponseBody
{
    /// <summary>Longer bodies are malformed.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Reads a body from the start of the bytes.</summary>
    /// <param name="response">The head of the answer.</param>
    /// <param name="bytes">The bytes that have arrived behind it.</param>
    /// <param name="isEnd">Whether no more bytes will arrive.</param>
    /// <param name="body">The body, decoded.</param>
    public static HeadStatus TryRead(HttpResponseMessage response, ReadOnlySpan<byte> bytes, bool isEnd, out byte[] body)
    {
        body = [];
        if ((int)response.StatusCode is 204 or 304)
        {
            return HeadStatus.Complete;
        }

        var status = response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var encodings)
            ? ReadChunks(response, encodings.ToString(), bytes, out body)
            : response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths)
                ? ReadLength(lengths.ToString(), bytes, out body)
                : ReadToEnd(bytes, isEnd, out body);
        return status == HeadStatus.Incomplete && (isEnd || bytes.Length > MaxBytes) ? HeadStatus.Malformed : status;
    }

    private static HeadStatus ReadToEnd(ReadOnlySpan<byte> bytes, bool isEnd, out byte[] body)
    {
        body = isEnd ? bytes.ToArray() : [];
        return isEnd ? HeadStatus.Complete : HeadStatus.Incomplete;
    }

    // Two lengths form a list, which is not a number.
    private static HeadStatus ReadLength(string value, ReadOnlySpan<byte> bytes, out byte[] body)
    {
        body = [];
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > MaxBytes)
        {
            return HeadStatus.Malformed;
        }

        if (bytes.Length < length)
        {
            return HeadStatus.Incomplete;
        }

        body = bytes[..length].ToArray();
        return HeadStatus.Complete;
    }

    private static HeadStatus ReadChunks(HttpResponseMessage response, string encoding, ReadOnlySpan<byte> bytes, out byte[] body)
    {
        body = [];
        if (!encoding.Equals("chunked", StringComparison.OrdinalIgnoreCase) || response.Content.Headers.NonValidated.Contains("Content-Length"))
        {
            return HeadStatus.Malformed;
        }

        var decoded = new List<byte>();
        while (bytes.IndexOf("\r\n"u8) is var end and >= 0)
        {
            var size = bytes[..end];
            size = size.IndexOf((byte)';') is var extension and >= 0 ? size[..extension].TrimEnd(" \t"u8) : size;
            if (!int.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length) || length is < 0 or > MaxBytes)
            {
                return HeadStatus.Malformed;
            }

            bytes = bytes[(end + 2)..];
            if (length == 0)
            {
                body = [.. decoded];
                return HeadStatus.Complete; // trailers are of no use; the connection is closed
            }

            if (bytes.Length < length + 2)
            {
                return HeadStatus.Incomplete;
            }

            decoded.AddRange(bytes[..length]);
            if (!bytes[length..].StartsWith("\r\n"u8))
            {
                return HeadStatus.Malformed;
            }

            bytes = bytes[(length + 2)..];
        }

        return bytes.Length > MaxBytes ? HeadStatus.Malformed : HeadStatus.Incomplete;
    }
}
