using Chat.Api.Auth;
using Chat.Api.Backplane;
using Chat.Api.Nodes;
using Chat.Api.Orders;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Operations;

/// <summary>The calls of the operations page. In Development they are open to everybody, elsewhere to services.</summary>
internal static class OperationsEndpoints
{
    public const string Path = "/ops";

    public static WebApplicationBuilder AddOperations(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<WatchedMeters>();
        services.AddSingleton<ReportQuestion>();
        services.AddSingleton<INodeQuestion>(static provider => provider.GetRequiredService<ReportQuestion>());
        services.AddSingleton<INodeOrder, DrainOrder>();
        services.AddSingleton<ClusterReports>();
        return builder;
    }

    public static WebApplication MapOperations(this WebApplication app)
    {
        var calls = app.MapGroup(Path);
        calls.RequireService(app.Environment);
        calls.AddEndpointFilter(new SameOrigin());
        calls.MapGet("/report", ReportAsync);
        calls.MapPost("/drain", DrainAsync);
        return app;
    }

    private static async Task<JsonHttpResult<ClusterReport>> ReportAsync(ClusterReports reports, HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        return TypedResults.Json(await reports.ReadAsync(), OperationsJson.Default.ClusterReport);
    }

    private static async Task<Results<JsonHttpResult<DrainAnswer>, ProblemHttpResult>> DrainAsync(string? node, LiveNodes live, NodeOrders orders, HttpResponse response)
    {
        if (!live.Nodes.TryGetValue(node ?? "", out var known))
        {
            return Problem(StatusCodes.Status404NotFound, "unknown_node", "There is no such node.");
        }

        if (known.State == NodeState.Ready && live.Nodes.Values.Count(static one => one.State == NodeState.Ready) == 1)
        {
            return Problem(StatusCodes.Status409Conflict, "last_node", "It is the only node that takes clients; they would have nowhere to go.");
        }

        try
        {
            return (await orders.GiveAsync(DrainOrder.Order, DrainOrder.Of(known.Id))).Count > 0
                ? TypedResults.Json(new DrainAnswer(known.Id, known.Connections), OperationsJson.Default.DrainAnswer)
                : Later(response, "not_confirmed", "The node did not say that it does. Trying again is safe.");
        }
        catch (BackplaneUnavailableException)
        {
            return Later(response, "unavailable", "Redis is not reachable at the moment. Trying again is safe.");
        }
    }

    private static ProblemHttpResult Later(HttpResponse response, string code, string text)
    {
        response.Headers.RetryAfter = "2";
        return Problem(StatusCodes.Status503ServiceUnavailable, code, text);
    }

    private static ProblemHttpResult Problem(int status, string code, string text) => TypedResults.Problem(text, statusCode: status, extensions: [new("code", code)]);
}

/// <param name="Node">The node that drains from now on.</param>
/// <param name="Connections">How many it had, as of its last heartbeat.</param>
internal sealed record DrainAnswer(string Node, int Connections);
