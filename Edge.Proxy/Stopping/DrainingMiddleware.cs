using Edge.Proxy.Requests;
using Microsoft.AspNetCore.Connections.Features;

namespace Edge.Proxy.Stopping;

/// <summary>Lets nobody new in while the edge stops, and makes clients send their next requests to another edge.</summary>
internal sealed class DrainingMiddleware(RequestDelegate next, EdgeDrain drain, EdgeMetrics metrics)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (!drain.RefusesNew)
        {
            return next(http);
        }

        if (HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose(); // GOAWAY: requests that are under way go on
        }
        else
        {
            http.Response.Headers.Connection = "close";
        }

        if (http.IsWebSocket() || http.Request.IsNegotiate())
        {
            metrics.Refused(EdgeRefusal.Stopping);
            return Unavailable.StoppingAsync(http);
        }

        return next(http);
    }
}
