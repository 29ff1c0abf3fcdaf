using Microsoft.AspNetCore.Http.Features;

namespace Edge.Proxy.Routing;

/// <summary>
/// Drops WebSockets as soon as the edge stops; their clients reconnect through another edge or the next one. The
/// server would wait for them until the shutdown timeout, and a proxy cannot put a close frame into a stream it does
/// not parse.
/// </summary>
internal sealed class UpgradeShutdown(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (!IsUpgrade(http))
        {
            await next(http);
            return;
        }

        await using var abort = lifetime.ApplicationStopping.UnsafeRegister(
            static http => ((HttpContext)http!).Abort(), http);
        await next(http);
    }

    private static bool IsUpgrade(HttpContext http) =>
        http.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
        || http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;
}
