using Edge.Proxy.Nodes;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.SessionAffinity;

namespace Edge.Proxy.Affinity;

/// <summary>Answers a request of a hub connection whose node is gone, in the way a node answers for a connection that it does not know: 404.
/// That ends the connection for the client, whose next negotiation goes to another node.</summary>
internal sealed class NoConnectionPolicy : IAffinityFailurePolicy
{
    public string Name => NodePolicies.NoConnection;

    public static Task WriteAsync(HttpContext http)
    {
        http.Response.Clear();
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        http.Response.ContentType = "text/plain";
        return http.Response.WriteAsync("No Connection with that ID", http.RequestAborted);
    }

    public async Task<bool> Handle(HttpContext context, ClusterState cluster, AffinityStatus affinityStatus)
    {
        await WriteAsync(context);
        return false;
    }
}
