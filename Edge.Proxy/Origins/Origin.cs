using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Edge.Proxy.Origins;

/// <summary>Where a page comes from (RFC 6454): a scheme, a host, and a port if it is not the default one of the scheme.</summary>
internal static class Origin
{
    public const string Rule = "scheme://host or scheme://host:port, such as https://app.example.com: no path, no wildcard";

    private static readonly SearchValues<char> NoPartOfIt = SearchValues.Create("/\\?#@*, ");

    /// <summary>The origin as browsers write it: host in ASCII and lower case, no default port.</summary>
    public static bool TryNormalize(string text, [NotNullWhen(true)] out string? origin)
    {
        origin = TryParse(text, out var uri) ? $"{uri.Scheme}://{Host(uri)}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}" : null;
        return origin is not null;
    }

    /// <summary>Whether a page of this origin asks the host it was loaded from.</summary>
    /// <remarks>The scheme does not count: where TLS ends before the edge, a page that was loaded over https reaches the edge over http.</remarks>
    public static bool IsSameHost(string origin, HostString host) =>
        TryParse(origin, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && host.HasValue
        && string.Equals(Host(uri), host.Host, StringComparison.OrdinalIgnoreCase)
        && uri.Port == (host.Port ?? (uri.Scheme == Uri.UriSchemeHttps ? 443 : 80));

    /// <summary>Whether a page comes from the machine on which its browser runs: localhost, 127.0.0.0/8 or [::1], on any port.</summary>
    public static bool IsLoopback(string origin) =>
        TryParse(origin, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && (origin.Contains("//localhost", StringComparison.OrdinalIgnoreCase) && uri.Host == "localhost" // Uri makes this of the name loopback, too
            || (IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address)));

    private static bool TryParse(string text, [NotNullWhen(true)] out Uri? uri)
    {
        uri = null;
        return text.IndexOf("://", StringComparison.Ordinal) is var end and > 0
            && text.AsSpan(end + 3).IndexOfAny(NoPartOfIt) < 0
            && Uri.TryCreate(text, UriKind.Absolute, out uri)
            && uri.Host.Length > 0;
    }

    // IdnHost drops the brackets of an IPv6 address, and Host leaves letters beyond ASCII.
    private static string Host(Uri uri) => uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
}
