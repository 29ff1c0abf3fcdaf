using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs over OTLP: of requests, of the runtime, and the project's own. Protocol, headers, intervals,
/// sampler and resource attributes are the standard <c>OTEL_…</c> settings.
/// </summary>
internal static class TelemetryBuilder
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[Endpoint]))
        {
            return;
        }

        // Without scopes: the scope of a request contains its path, and so the ids of users and groups.
        builder.Logging.AddOpenTelemetry(static logging => logging.IncludeFormattedMessage = true);
        var telemetry = builder.Services.AddOpenTelemetry()
            .WithLogging(static logging => logging.AddOtlpExporter())
            .WithMetrics(static metrics => metrics
                .AddMeter(ChatTelemetry.Name)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddOtlpExporter())
            .WithTracing(static traces => traces
                .AddSource(ChatTelemetry.Name, "Microsoft.AspNetCore.SignalR.Server")
                .AddAspNetCoreInstrumentation(RequestSpans.Configure)
                .AddHttpClientInstrumentation(RequestSpans.Configure)
                .AddOtlpExporter());
        if (!IsNamed(builder.Configuration))
        {
            telemetry.ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName));
        }

        builder.Services.AddHostedService<TelemetryStop>();
    }

    private static bool IsNamed(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration["OTEL_SERVICE_NAME"])
        || configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) == true;
}
