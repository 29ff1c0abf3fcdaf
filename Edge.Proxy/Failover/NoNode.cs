namespace Edge.Proxy.Failover;

/// <summary>The answer when no node can take a request.</summary>
internal static class NoNode
{
    // One poll and a node's start of a second: sooner is hardly ever worth it.
    private const string RetryAfterSeconds = "2";

    public static Task WriteAsync(HttpContext http)
    {
        http.Response.Clear();
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.RetryAfter = RetryAfterSeconds;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync("""{"error":"no chat node is available","retry":true}""" + "\n", http.RequestAborted);
    }
}
