using Edge.Proxy.Nodes;

namespace Edge.Proxy.Affinity;

/// <summary>Ends the polls and event streams of a node that has disappeared. Nothing else ever would.</summary>
internal sealed class GoneNode(RequestDelegate next, NodeDestinations nodes)
{
    public Task InvokeAsync(HttpContext http) => http.Features.Get<HubBond>() is { } bond ? InvokeAsync(http, bond) : next(http);

    private async Task InvokeAsync(HttpContext http, HubBond bond)
    {
        var client = http.RequestAborted;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(client, nodes.GoneOf(bond.Node.DestinationId));
        http.RequestAborted = ends.Token;
        await next(http);
        http.RequestAborted = client;
        if (!ends.IsCancellationRequested || client.IsCancellationRequested)
        {
            return;
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await NoConnectionPolicy.WriteAsync(http);
    }
}
