namespace Edge.Proxy.Affinity;

/// <summary>The answer to a request of a hub connection whose node is gone, in the words of a node that does not know it.</summary>
internal static class NoConnection
{
    public static Task WriteAsync(HttpContext http)
    {
        http.Response.Clear();
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        http.Response.ContentType = "text/plain";
        return http.Response.WriteAsync("No Connection with that ID", http.RequestAborted);
    }
}
