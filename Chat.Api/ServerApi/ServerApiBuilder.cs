using Chat.Api.Auth;
using Chat.Api.Orders;
using Microsoft.Extensions.Options;

namespace Chat.Api.ServerApi;

/// <summary>Registers and maps the API for backends.</summary>
/// <remarks>A call goes through: counting and the words for every error (<see cref="UseServerApi"/>), who it is from (the policy
/// <see cref="ServiceAccess.Policy"/>), how many it may make, and only then is a body read. No endpoint here can be without the policy: it is
/// the group's.</remarks>
internal static class ServerApiBuilder
{
    public const string Path = "/api/v1";

    public static WebApplicationBuilder AddServerApi(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ServerApiOptions>().BindConfiguration(ServerApiOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerApiOptions>, ServerApiOptionsValidator>();
        services.AddSingleton<ApiMetrics>();
        services.AddSingleton<ApiLimits>();
        services.AddSingleton<ApiPublisher>();
        services.AddSingleton<ApiPage>();
        services.AddSingleton<INodeOrder, DisconnectOrder>();
        services.AddRequestTimeouts();
        services.Configure<RouteHandlerOptions>(static handlers => handlers.ThrowOnBadRequest = true); // ApiErrors finds the words
        services.ConfigureHttpJsonOptions(static json => ApiJson.Configure(json.SerializerOptions));
        services.AddApiDocument();
        return builder;
    }

    /// <summary>Before it is known who calls: strangers are counted and answered as everybody is.</summary>
    public static WebApplication UseServerApi(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<ApiMetrics>();
        app.UseWhen(IsCall, api =>
        {
            api.Use(async (http, next) =>
            {
                var began = TimeProvider.System.GetTimestamp();
                await next(http);
                metrics.Answered(NameOf(http), ApiCaller.LabelOf(http.User), http.Response.StatusCode, TimeProvider.System.GetElapsedTime(began));
            });
            api.UseMiddleware<ApiErrors>();
        });
        return app;
    }

    public static WebApplication MapServerApi(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<ServerApiOptions>>().Value;
        app.UseWhen(IsCall, api =>
        {
            api.UseMiddleware<ApiGate>();
            api.UseRequestTimeouts();
        });

        var calls = app.MapGroup(Path).RequireAuthorization(ServiceAccess.Policy).WithMetadata(new BodyLimit(options.BodyBytes)).WithProblems(401, 403, 429, 503);
        calls.WithRequestTimeout(new Microsoft.AspNetCore.Http.Timeouts.RequestTimeoutPolicy
        {
            Timeout = options.BodyTimeout, // cancels the reading of a body; what is done with it is not cancellable
            TimeoutStatusCode = StatusCodes.Status408RequestTimeout,
        });
        calls.MapPublishing();
        calls.MapHistory();
        calls.MapPresence();
        calls.MapGroups();
        calls.MapUsers();
        calls.MapSanctions();
        calls.MapCluster();
        app.MapApiDocument();
        return app;
    }

    private static bool IsCall(HttpContext http) => http.Request.Path.StartsWithSegments(Path);

    private static string NameOf(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "none";

    private sealed record BodyLimit(int Bytes) : Microsoft.AspNetCore.Http.Metadata.IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => Bytes;
    }
}
