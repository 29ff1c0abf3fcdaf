using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ServiceDefaults.Health;

/// <summary>
/// <c>/alive</c> answers as long as the process runs; <c>/health</c> says whether the process should get work. Both answer 200 or 503, and both are
/// open to everybody: the body names the failing checks and nothing else.
/// </summary>
internal static class HealthEndpoints
{
    public const string Alive = "/alive";
    public const string Ready = "/health";

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        Map(routes, Alive, static _ => false);
        Map(routes, Ready, static _ => true);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, Func<HealthCheckRegistration, bool> predicate) =>
        routes.MapHealthChecks(path, new HealthCheckOptions { Predicate = predicate, ResponseWriter = WriteAsync })
            // Probes come every second or two from several sides, and would drown the request durations.
            .DisableHttpMetrics()
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head])) // a WebSocket over HTTP/2 is a CONNECT, which cannot be answered with a text
            .AllowAnonymous();

    private static Task WriteAsync(HttpContext http, HealthReport report)
    {
        var failing = report.Entries
            .Where(entry => entry.Value.Status != HealthStatus.Healthy)
            // The description is written for this page; an exception's message may hold addresses or worse.
            .ToDictionary(entry => entry.Key, entry => entry.Value.Description ?? "failed");
        var body = new HealthBody(report.Status.ToString(), failing.Count == 0 ? null : failing);
        return http.Response.WriteAsJsonAsync(body, HealthJson.Default.HealthBody, cancellationToken: http.RequestAborted);
    }
}
