using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using StackExchange.Redis;

namespace Chat.Api.Nodes;

internal static class NodesBuilder
{
    /// <summary>Answered with by every node, so that a client and a test can tell them apart.</summary>
    public const string Header = "X-Node";

    public static WebApplicationBuilder AddNodes(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<NodeOptions>().BindConfiguration(NodeOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<NodeOptions>, NodeOptionsValidator>();
        services.AddSingleton(new NodeKeys(RedisPrefix.Read(builder.Configuration)));
        services.AddSingleton<NodeIdentity>();
        services.AddSingleton<NodeDrain>();
        services.AddSingleton<NodeSelf>();
        services.AddSingleton<LiveNodes>();
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

    public static IEndpointConventionBuilder MapNodes(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/nodes", ListAsync);

    private static async Task<Results<JsonHttpResult<NodeInfo[]>, ProblemHttpResult>> ListAsync(
        NodeRegistry registry, HttpContext http)
    {
        try
        {
            return TypedResults.Json(await registry.ListAsync(), NodeJson.Default.NodeInfoArray);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            http.Response.Headers.RetryAfter = "2";
            return TypedResults.Problem("The node registry does not answer.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
