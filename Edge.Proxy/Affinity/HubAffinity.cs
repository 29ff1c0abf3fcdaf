using Edge.Proxy.Nodes;
using Edge.Proxy.Requests;
using ServiceDefaults;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.SessionAffinity;

namespace Edge.Proxy.Affinity;

/// <summary>
/// Long polls and event streams are many requests of one connection, which lives on one node. The request that begins it
/// gets a cookie that names the node; those that follow, with an <c>id</c>, are sent there, whichever edge they come through.
/// </summary>
/// <remarks>
/// A WebSocket is one request: it neither uses the cookie nor sets it. A draining node still gets the requests of its
/// connections. Once a node is gone, they are answered by <see cref="NoConnectionPolicy"/>.
/// </remarks>
internal sealed class HubAffinity(NodeCookie cookie) : ISessionAffinityPolicy
{
    public string Name => NodePolicies.HubAffinity;

    public AffinityResult FindAffinitizedDestinations(
        HttpContext context, ClusterState cluster, SessionAffinityConfig config, IReadOnlyList<DestinationState> destinations)
    {
        // Without a cookie, the node of a request with an id is anyone's guess; the right one may be hit, and any other knows to say 404.
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

        // Back to the node of before, if it takes new connections: another tab may have one there, under the same cookie.
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
