using Chat.Sockets.Server;
using Edge.Proxy.Relay;
using Edge.Proxy.Requests;

namespace Edge.Proxy.Capacity;

/// <summary>Refuses requests that this edge cannot carry, before its process reaches a limit.</summary>
internal sealed class CapacityMiddleware(RequestDelegate next, EdgeCapacity capacity)
{
    private readonly Action<ISocketTaker> _giveBack = _ => capacity.GiveBack();

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
                relay.OnClosed(_giveBack);
            }
            else
            {
                capacity.GiveBack();
            }
        }
    }
}
