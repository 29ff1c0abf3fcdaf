using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Edge.Proxy.Relay;

/// <summary>Writes the head of a request without a body, as it goes to a node. It consists of parsed parts, never of text as a client sent it.</summary>
internal static class RequestHead
{
    private static readonly SearchValues<char> Target = SearchValues.Create(
        string.Concat(Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)));

    // Characters that a value must not have (RFC 9110, section 5.5). All beyond ASCII go on as UTF-8, as they came: browsers send such cookies.
    private static readonly SearchValues<char> Control = SearchValues.Create(
        string.Concat(Enumerable.Range(0, ' ').Where(code => code != '\t').Append(127).Select(code => (char)code)));

    /// <summary>Returns false if the request is better left to an HTTP client: it has a body, or characters that need special care.</summary>
    public static bool TryWrite(HttpRequestMessage request, [NotNullWhen(true)] out byte[]? head)
    {
        head = null;
        var uri = request.RequestUri!;
        var target = uri.PathAndQuery;
        if (request.Content is not null || target.AsSpan().ContainsAnyExcept(Target))
        {
            return false;
        }

        var text = new StringBuilder(512).Append(request.Method.Method).Append(' ').Append(target).Append(" HTTP/1.1\r\n");
        if (request.Headers.Host is null)
        {
            text.Append("Host: ").Append(uri.Authority).Append("\r\n");
        }

        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (IsFraming(name))
            {
                return false;
            }

            text.Append(name).Append(": ");
            var isFirst = true;
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(Control))
                {
                    return false;
                }

                text.Append(isFirst ? "" : name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? "; " : ", ").Append(value);
                isFirst = false;
            }

            text.Append("\r\n");
        }

        head = Encoding.UTF8.GetBytes(text.Append("\r\n").ToString());
        return true;
    }

    // These headers would announce a body. YARP passes neither on without one; this must not depend on it.
    private static bool IsFraming(string name) =>
        name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase);
}
