using Edge.Proxy.Nodes;
using Edge.Proxy.Requests;
using ServiceDefaults;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.SessionAffinity;

namespace Edge.Proxy.Affinity;

/// <summary>
/// A connection over long polling or server-sent events is many requests, and it lives on one node. The answer to the first request sets a
/// cookie that names the node. The following requests, which have an <c>id</c>, go to that node, whichever edge they come through.
/// </summary>
/// <remarks>
/// A WebSocket is one request: it neither uses the cookie nor sets it. A draining node still gets the requests of its
/// connections. Once a node is gone, <see cref="NoConnectionPolicy"/> answers them.
/// </remarks>
internal sealed class HubAffinity(NodeCookie cookie) : ISessionAffinityPolicy
{
    public string Name => NodePolicies.HubAffinity;

    public AffinityResult FindAffinitizedDestinations(
        HttpContext context, ClusterState cluster, SessionAffinityConfig config, IReadOnlyList<DestinationState> destinations)
    {
        // Without a cookie, the node of a request with an id is not known. The request may happen to reach the right one; any other answers 404.
        if (!Concerns(context) || context.Request.Cookies[config.AffinityKeyName] is not { } value)
        {
            return new AffinityResult(null, AffinityStatus.AffinityKeyNotSet);
        }

        var node = cluster.DestinationsState.AllDestinations.FirstOrDefault(one => cookie.Names(value, one.DestinationId));
        if (HubConnectionId.Of(context).Length > 0)
        {
            if (node is null)
            {
                return new AffinityResult(null, AffinityStatus.DestinationNotFound);
            }

            context.Features.Set(new HubBond(node));
            return new AffinityResult([node], AffinityStatus.OK);
        }

        // A new connection goes to the node of the cookie, if that takes new ones: another tab may have a connection there, under the same cookie.
        return node is not null && destinations.Contains(node)
            ? new AffinityResult([node], AffinityStatus.OK)
            : new AffinityResult(null, AffinityStatus.AffinityKeyNotSet);
    }

    public void AffinitizeResponse(HttpContext context, ClusterState cluster, SessionAffinityConfig config, DestinationState destination)
    {
        if (Concerns(context)
            && HubConnectionId.Of(context).Length == 0
            && context.Response.StatusCode < StatusCodes.Status300MultipleChoices
            && cookie.Of(destination.DestinationId) is var value
            && context.Request.Cookies[config.AffinityKeyName] != value)
        {
            context.Response.Cookies.Append(config.AffinityKeyName, value, OptionsFor(context.Request));
        }
    }

    private static bool Concerns(HttpContext http) => http.Request.IsHub() && !http.IsWebSocket();

    private static CookieOptions OptionsFor(HttpRequest request)
    {
        var options = new CookieOptions { Path = RequestKind.HubPath, HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true };
        if (request.IsHttps)
        {
            // For pages on another site (Edge:AllowedOrigins); partitioned, since browsers drop such cookies otherwise.
            options.SameSite = SameSiteMode.None;
            options.Secure = true;
            options.Extensions.Add("Partitioned");
        }

        return options;
    }
}
