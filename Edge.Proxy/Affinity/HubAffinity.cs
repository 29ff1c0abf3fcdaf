using Edge.Proxy.Nodes;
using Edge.Proxy.Requests;
using ServiceDefaults;
using Yarp.ReverseProxy.Model;

namespace Edge.Proxy.Affinity;

/// <summary>
/// Long polls and event streams are many requests of one connection, which lives on one node. The request that begins it
/// gets a cookie with that node; those that follow, with an <c>id</c>, are sent there, whichever edge they come through.
/// </summary>
/// <remarks>
/// A WebSocket is one request: it neither uses the cookie nor sets it. A draining node still gets the requests of its
/// connections. Once a node is gone, they are answered 404, as a node answers for an id it does not know: that ends the
/// connection for the client, whose next negotiation goes to another node.
/// </remarks>
internal sealed class HubAffinity(RequestDelegate next, NodeCookie cookie, NodeDestinations nodes)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (!http.Request.IsHub() || http.IsWebSocket())
        {
            return next(http);
        }

        var value = http.Request.Cookies[NodeCookie.Name];
        var proxy = http.GetReverseProxyFeature();
        var node = value is null ? null : proxy.AllDestinations.FirstOrDefault(one => cookie.Names(value, one.DestinationId));
        if (HubConnectionId.Of(http).Length == 0)
        {
            return BeginAsync(http, proxy, node);
        }

        // Without a cookie, its node is anyone's guess; the right one may be hit, and any other knows to say 404.
        return value is null ? next(http)
            : node is null ? NoConnection.WriteAsync(http)
            : ContinueAsync(http, proxy, node);
    }

    // Back to the node of before, if it takes new ones: another tab may have a connection there, under the same cookie.
    private Task BeginAsync(HttpContext http, IReverseProxyFeature proxy, DestinationState? node)
    {
        if (node is not null)
        {
            http.Features.Set(new HubBond(node, IsFast: false));
        }

        http.Response.OnStarting(() =>
        {
            if (http.Response.StatusCode < StatusCodes.Status300MultipleChoices && proxy.ProxiedDestination is { } chosen)
            {
                SetCookie(http, cookie.Of(chosen.DestinationId));
            }

            return Task.CompletedTask;
        });
        return next(http);
    }

    private async Task ContinueAsync(HttpContext http, IReverseProxyFeature proxy, DestinationState node)
    {
        http.Features.Set(new HubBond(node, IsFast: true));
        proxy.AvailableDestinations = [node];
        var client = http.RequestAborted;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(client, nodes.GoneOf(node.DestinationId));
        http.RequestAborted = ends.Token;
        await next(http);
        http.RequestAborted = client;
        if (!ends.IsCancellationRequested || client.IsCancellationRequested)
        {
            return;
        }

        // The node went away without a word, and nothing else would ever end this.
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await NoConnection.WriteAsync(http);
    }

    private static void SetCookie(HttpContext http, string value)
    {
        if (http.Request.Cookies[NodeCookie.Name] == value)
        {
            return;
        }

        var options = new CookieOptions { Path = RequestKind.HubPath, HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true };
        if (http.Request.IsHttps)
        {
            // For pages on another site (Edge:AllowedOrigins); partitioned, since browsers drop such cookies otherwise.
            options.SameSite = SameSiteMode.None;
            options.Secure = true;
            options.Extensions.Add("Partitioned");
        }

        http.Response.Cookies.Append(NodeCookie.Name, value, options);
    }
}
