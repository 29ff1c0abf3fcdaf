using System.Globalization;

namespace Edge.Proxy.Requests;

/// <summary>The edge's own refusals: why a request reached no node.</summary>
internal static class Unavailable
{
    // In seconds: one for a poll of the registry, and one for a node's start. Coming back sooner is hardly ever worth it.
    private const int ForNode = 2;

    // In seconds. Clients that are turned away together must not return together.
    private const int LongestPause = 5;

    public static Task NoNodeAsync(HttpContext http) => WriteAsync(http, "no chat node is available", ForNode);

    public static Task EdgeFullAsync(HttpContext http) =>
        WriteAsync(http, "this edge has as many connections as it can carry", ForNode, closes: true); // each open connection counts

    public static Task TooManyAsync(HttpContext http) =>
        WriteAsync(http, "more clients are connecting than this edge lets in at a time", Spread(), closes: true);

    public static Task TooManyFromAddressAsync(HttpContext http) =>
        WriteAsync(http, "more connections are made from this address than it may make", Spread(), closes: true, StatusCodes.Status429TooManyRequests);

    public static Task StoppingAsync(HttpContext http) => WriteAsync(http, "this edge is stopping", Spread(), closes: true);

    private static int Spread() => Random.Shared.Next(1, LongestPause + 1);

    private static Task WriteAsync(
        HttpContext http, string reason, int retryAfterSeconds, bool closes = false, int status = StatusCodes.Status503ServiceUnavailable)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
        // In HTTP/2, the connection carries other requests as well, and the server would drop the header with a warning each time.
        if (closes && !HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            http.Response.Headers.Connection = "close";
        }

        http.Response.Headers.RetryAfter = retryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync($$"""{"error":"{{reason}}","retry":true}""" + "\n", http.RequestAborted);
    }
}
