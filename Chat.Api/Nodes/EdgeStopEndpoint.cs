using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Nodes;
using StackExchange.Redis;

namespace Chat.Api.Nodes;

/// <summary>The endpoint at which an edge tells that it stops: <c>POST /edges/stop</c>.</summary>
internal static class EdgeStopEndpoint
{
    public static void MapEdgeStop(this IEndpointRouteBuilder routes) => routes.MapPost(EdgeStop.Path, Stop);

    private static Results<NoContent, BadRequest> Stop(HttpContext http, StoppedEdges edges, NodeRegistry registry)
    {
        if (EdgeStop.StoppedOf(http) is not { } edge)
        {
            return TypedResults.BadRequest();
        }

        if (edges.TryAdd(edge))
        {
            PassOn(edge, registry);
        }

        return TypedResults.NoContent();
    }

    // Informs the nodes that the edge does not know or cannot address. Those are all but one if the edge has a single address for them
    // (Edge:Upstream).
    private static void PassOn(string edge, NodeRegistry registry)
    {
        try
        {
            registry.AnnounceStop(edge);
        }
        catch (RedisException)
        {
            // The nodes that the edge has told itself know in any case.
        }
    }
}
