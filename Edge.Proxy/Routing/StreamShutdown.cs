using Edge.Proxy.Requests;

namespace Edge.Proxy.Routing;

/// <summary>
/// Drops the WebSockets, event streams and polls that are still there when the host stops, after the time that their nodes had to end
/// them. The server would wait for them until the shutdown timeout.
/// </summary>
internal sealed class StreamShutdown(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (!http.IsUpgrade() && !http.Request.IsHubStream())
        {
            await next(http);
            return;
        }

        await using var abort = lifetime.ApplicationStopping.UnsafeRegister(
            static http => ((HttpContext)http!).Abort(), http);
        await next(http);
    }
}
