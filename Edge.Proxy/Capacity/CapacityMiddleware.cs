using Edge.Proxy.Relay;
using Edge.Proxy.Requests;

namespace Edge.Proxy.Capacity;

/// <summary>Refuses what this edge cannot carry, while it still can.</summary>
internal sealed class CapacityMiddleware(RequestDelegate next, EdgeCapacity capacity)
{
    private readonly Action<RelayPair> _giveBack = _ => capacity.GiveBack();

    public async Task InvokeAsync(HttpContext http)
    {
        if (!capacity.TryTake())
        {
            await Unavailable.EdgeFullAsync(http);
            return;
        }

        try
        {
            await next(http);
        }
        finally
        {
            if (http.Features.Get<RelayPair>() is { } relay)
            {
                relay.OnOver(_giveBack);
            }
            else
            {
                capacity.GiveBack();
            }
        }
    }
}
