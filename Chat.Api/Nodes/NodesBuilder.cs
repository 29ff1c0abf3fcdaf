using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using ServiceDefaults.Nodes;

namespace Chat.Api.Nodes;

internal static class NodesBuilder
{
    /// <summary>The header that every node sends in its answers, so that clients and tests can tell nodes apart.</summary>
    public const string Header = "X-Node";

    public static WebApplicationBuilder AddNodes(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<NodeOptions>(NodeOptions.Section);
        services.AddSingleton<IValidateOptions<NodeOptions>, NodeOptionsValidator>();
        services.AddSingleton(new NodeKeys(RedisPrefix.Read(builder.Configuration)));
        services.AddSingleton<NodeIdentity>();
        services.AddSingleton<NodeDrain>();
        services.AddSingleton<NodeSelf>();
        services.AddSingleton<OwnAddress>();
        services.AddSingleton<LiveNodes>();
        services.AddSingleton<OtherNodes>();
        services.AddSingleton<StoppedEdges>();
        services.AddSingleton<NodeList>();
        services.AddSingleton<NodeRegistry>();
        services.AddHostedService<NodeHeartbeat>();
        services.AddHealthChecks().AddCheck<NodeHealthCheck>("node");
        return builder;
    }

    public static WebApplication UseNodeHeader(this WebApplication app)
    {
        var id = app.Services.GetRequiredService<NodeIdentity>().Id;
        app.Use((http, next) =>
        {
            http.Response.Headers[Header] = id;
            return next(http);
        });
        return app;
    }

    /// <summary>Lists the nodes as this node knows them.</summary>
    public static IEndpointConventionBuilder MapNodes(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/api/nodes", [HttpMethods.Get, HttpMethods.Head], List);

    // Answers from memory, so that nobody can make Redis work by asking.
    private static JsonHttpResult<NodeInfo[]> List(LiveNodes live) => TypedResults.Json(live.List(), NodeJson.Default.NodeInfoArray);
}
