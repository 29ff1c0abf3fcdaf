using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Instrumentation.Http;
using ServiceDefaults.Health;

namespace ServiceDefaults.Telemetry;

/// <summary>What the spans of requests say, and which requests have none.</summary>
/// <remarks>A path may contain the ids of users and groups, which do not belong in traces, so spans have routes instead. Health probes have no spans,
/// neither where they are answered nor where they are sent.</remarks>
internal static class RequestSpans
{
    private const string Path = "url.path";
    private const string FullUrl = "url.full";
    private const string Query = "url.query";

    public static void Configure(AspNetCoreTraceInstrumentationOptions options)
    {
        options.Filter = static http => !IsProbe(http.Request.Path);
        options.EnrichWithHttpRequest = static (span, _) => Forget(span); // the route is not known yet
        options.EnrichWithHttpResponse = static (span, response) => Name(span, response.HttpContext);
    }

    public static void Configure(HttpClientTraceInstrumentationOptions options)
    {
        options.FilterHttpRequestMessage = static request => !IsProbe(request.RequestUri?.AbsolutePath);
        options.EnrichWithHttpRequestMessage = static (span, request) => span.SetTag(FullUrl, request.RequestUri?.GetLeftPart(UriPartial.Authority));
    }

    private static bool IsProbe(string? path) => path is HealthEndpoints.Alive or HealthEndpoints.Ready;

    private static void Forget(Activity span) => span.SetTag(Path, null).SetTag(Query, null);

    // A WebSocket's span lasts as long as its connection.
    private static void Name(Activity span, HttpContext http)
    {
        Forget(span);
        if ((http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is not { } pattern)
        {
            return;
        }

        var route = pattern.StartsWith('/') ? pattern : "/" + pattern;
        span.SetTag(Path, route);
        span.DisplayName = $"{(IsWebSocket(http) ? "WebSocket" : http.Request.Method)} {route}";
    }

    private static bool IsWebSocket(HttpContext http) => http.Response.StatusCode == StatusCodes.Status101SwitchingProtocols
        || http.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;
}
