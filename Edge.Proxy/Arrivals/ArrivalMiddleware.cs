using System.Threading.RateLimiting;
using Edge.Proxy.Requests;

namespace Edge.Proxy.Arrivals;

/// <summary>Lets clients in only as fast as they can be dealt with: WebSockets, and the negotiations of hub clients.</summary>
internal sealed class ArrivalMiddleware(RequestDelegate next, ArrivalLimits limits)
{
    public Task InvokeAsync(HttpContext http) => http.IsWebSocket() || http.Request.IsNegotiate() ? ArriveAsync(http) : next(http);

    private async Task ArriveAsync(HttpContext http)
    {
        if (limits.Count(http) is { } refusal)
        {
            await (refusal == EdgeRefusal.AddressRate ? Unavailable.TooManyFromAddressAsync(http) : Unavailable.TooManyAsync(http));
            return;
        }

        if (await limits.EnterAsync(http) is not { } place)
        {
            await Unavailable.TooManyAsync(http);
            return;
        }

        using (place)
        {
            // Once a node has answered, the client is in. How long it stays does not matter here.
            http.Response.OnStarting(static place => Leave((RateLimitLease)place), place);
            await next(http);
        }
    }

    private static Task Leave(RateLimitLease place)
    {
        place.Dispose(); // a second time does nothing
        return Task.CompletedTask;
    }
}
