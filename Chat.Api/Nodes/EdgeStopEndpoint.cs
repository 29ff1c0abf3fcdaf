using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Nodes;
using StackExchange.Redis;

namespace Chat.Api.Nodes;

/// <summary>Where an edge tells that it stops: <c>POST /edges/stop</c>.</summary>
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

    // For the nodes that the edge does not know or cannot address: all but one, where it has a single address for them (Edge:Upstream).
    private static void PassOn(string edge, NodeRegistry registry)
    {
        try
        {
            registry.AnnounceStop(edge);
        }
        catch (RedisException)
        {
            // Those that the edge has told itself know all the same.
        }
    }
}
