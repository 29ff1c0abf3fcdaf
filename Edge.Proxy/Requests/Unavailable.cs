using Microsoft.Extensions.Primitives;

namespace Edge.Proxy.Requests;

/// <summary>The edge's own 503: why a request reached no node.</summary>
internal static class Unavailable
{
    // One poll and a node's start of a second: sooner is hardly ever worth it.
    private const string RetryAfterSeconds = "2";

    public static Task NoNodeAsync(HttpContext http) => WriteAsync(http, "no chat node is available");

    public static Task EdgeFullAsync(HttpContext http) =>
        WriteAsync(http, "this edge has as many connections as it can carry", closes: true); // each open one counts

    private static Task WriteAsync(HttpContext http, string reason, bool closes = false)
    {
        http.Response.Clear();
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.Connection = closes ? "close" : default(StringValues);
        http.Response.Headers.RetryAfter = RetryAfterSeconds;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync($$"""{"error":"{{reason}}","retry":true}""" + "\n", http.RequestAborted);
    }
}
