using Edge.Proxy.Requests;

namespace Edge.Proxy.Routing;

/// <summary>
/// Drops WebSockets and event streams as soon as the edge stops; their clients reconnect through another edge or the
/// next one. The server would wait for them until the shutdown timeout, and a proxy cannot put a goodbye into a stream
/// it does not parse.
/// </summary>
internal sealed class StreamShutdown(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (!http.IsUpgrade() && !http.Request.IsEventStream())
        {
            await next(http);
            return;
        }

        await using var abort = lifetime.ApplicationStopping.UnsafeRegister(
            static http => ((HttpContext)http!).Abort(), http);
        await next(http);
    }
}
