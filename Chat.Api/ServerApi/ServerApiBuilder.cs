using Chat.Api.Auth;
using Chat.Api.Orders;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.ServerApi;

/// <summary>Registers and maps the API for backends.</summary>
internal static class ServerApiBuilder
{
    public const string Path = "/api/v1";

    public static WebApplicationBuilder AddServerApi(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<ServerApiOptions>(ServerApiOptions.Section);
        services.AddSingleton<IValidateOptions<ServerApiOptions>, ServerApiOptionsValidator>();
        services.AddSingleton<ApiMetrics>();
        services.AddSingleton<ApiGate>();
        services.AddSingleton<ApiCalls>();
        services.AddSingleton<ApiLimits>();
        services.AddSingleton<ApiPublisher>();
        services.AddSingleton<ApiPage>();
        services.AddSingleton<INodeOrder, DisconnectOrder>();
        services.Configure<RouteHandlerOptions>(static handlers => handlers.ThrowOnBadRequest = true); // ApiErrors turns the exception into a problem
        services.ConfigureHttpJsonOptions(static json => ApiJson.Configure(json.SerializerOptions));
        services.AddApiDocument();
        return builder;
    }

    /// <summary>Handles the API's calls here (<see cref="ApiCalls"/>), ahead of the middleware for other requests.</summary>
    public static WebApplication UseServerApi(this WebApplication app)
    {
        var calls = app.Services.GetRequiredService<ApiCalls>();
        app.Use((http, next) => IsCall(http) ? calls.AnswerAsync(http) : next(http));
        return app;
    }

    public static WebApplication MapServerApi(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<ServerApiOptions>>().Value;
        var calls = app.MapGroup(Path).RequireAuthorization(ServiceAccess.Policy).WithMetadata(new BodyLimit(options.BodyBytes + ApiCalls.ReadBeyond)).WithProblems(401, 403, 429, 503);
        // The calls for reading get their services here, once. If they got them per call, each call would create a scope of services.
        calls.MapPublishing();
        calls.MapDeleting();
        calls.MapHistory();
        calls.MapPresence();
        calls.MapGroups();
        calls.MapUsers();
        calls.MapSanctions();
        calls.MapCluster();
        ((IEndpointConventionBuilder)calls).Add(AnswerHead);
        app.MapApiDocument();
        return app;
    }

    // Answers HEAD wherever GET is answered, as RFC 9110 (section 9.1) demands. The server leaves out the body.
    private static void AnswerHead(EndpointBuilder call)
    {
        if (call.Metadata.OfType<HttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
        {
            call.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        }
    }

    private static bool IsCall(HttpContext http) => http.Request.Path.StartsWithSegments(Path);

    private sealed record BodyLimit(int Bytes) : Microsoft.AspNetCore.Http.Metadata.IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => Bytes;
    }
}
