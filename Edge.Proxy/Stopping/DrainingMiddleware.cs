using Edge.Proxy.Requests;

namespace Edge.Proxy.Stopping;

/// <summary>Lets nobody new in while the edge stops, and sees to it that those who ask again do so elsewhere.</summary>
internal sealed class DrainingMiddleware(RequestDelegate next, EdgeDrain drain, EdgeMetrics metrics)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (!drain.RefusesNew)
        {
            return next(http);
        }

        if (http.IsWebSocket() || http.Request.IsNegotiate())
        {
            metrics.Refused(EdgeRefusal.Stopping);
            return Unavailable.StoppingAsync(http);
        }

        http.Response.Headers.Connection = "close";
        return next(http);
    }
}
