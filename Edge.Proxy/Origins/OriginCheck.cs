using Edge.Proxy.Requests;
using Microsoft.Extensions.Primitives;

namespace Edge.Proxy.Origins;

/// <summary>
/// Refuses WebSockets and hub requests of pages that are neither the edge's own nor allowed: a browser opens a WebSocket
/// to anywhere for any page, cookies included, and leaves it to the server to look where the page came from.
/// </summary>
/// <remarks>A request without <c>Origin</c> does not come from a browser. Such a client could claim any origin, so it is let through.</remarks>
internal sealed partial class OriginCheck(RequestDelegate next, AllowedOrigins allowed, ILogger<OriginCheck> logger)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (!(http.IsUpgrade() || http.Request.IsHub()) || IsAllowed(http.Request))
        {
            return next(http);
        }

        LogRefused(http.Request.Headers.Origin);
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(
            $"Pages from this origin may not connect here; {EdgeOptions.Section}:{nameof(EdgeOptions.AllowedOrigins)} names those that may.\n",
            http.RequestAborted);
    }

    // A request with two such headers is refused, whatever they say.
    private bool IsAllowed(HttpRequest request) => request.Headers.Origin switch
    {
        [] => true,
        [{ } origin] => allowed.Contains(origin) || Origin.IsSameHost(origin, request.Host),
        _ => false,
    };

    [LoggerMessage(EventName = "OriginRefused", Level = LogLevel.Debug, Message = "Refused a page from {Origin}; it is not in Edge:AllowedOrigins")]
    private partial void LogRefused(StringValues origin);
}
