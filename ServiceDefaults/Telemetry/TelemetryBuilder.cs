using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs over OTLP, from the sources .NET has built in and from the project's own. Protocol,
/// headers, intervals, sampler and resource attributes are the standard <c>OTEL_…</c> settings.
/// </summary>
internal static class TelemetryBuilder
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] Sources =
    [
        ChatTelemetry.Name,
        "Microsoft.AspNetCore",
        "Microsoft.AspNetCore.SignalR.Server",
        "System.Net.Http",
        "Yarp.ReverseProxy",
    ];

    private static readonly string[] Meters =
    [
        ChatTelemetry.Name,
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Http.Connections",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Net.Http",
        "System.Runtime",
    ];

    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[Endpoint]))
        {
            return;
        }

        // Until .NET 11 ASP.NET Core leaves method, path and status off its activities unless told otherwise.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        var resource = DescribeResource(builder);
        builder.Logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.IncludeScopes = true;
            options.SetResourceBuilder(resource);
            options.AddOtlpExporter();
        });
        builder.Services.AddSingleton(services => BuildTracing(services, resource));
        builder.Services.AddSingleton(services => BuildMetrics(services, resource));
        builder.Services.AddHostedService<TelemetryStart>();
    }

    private static ResourceBuilder DescribeResource(IHostApplicationBuilder builder)
    {
        var resource = ResourceBuilder.CreateDefault();
        var named = !string.IsNullOrEmpty(builder.Configuration["OTEL_SERVICE_NAME"])
            || builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains("service.name=", StringComparison.Ordinal) == true;
        return named ? resource : resource.AddService(builder.Environment.ApplicationName);
    }

    private static TracerProvider BuildTracing(IServiceProvider services, ResourceBuilder resource) =>
        Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(own => own.AddSingleton(services.GetRequiredService<IConfiguration>()))
            .SetResourceBuilder(resource)
            .AddSource(Sources)
            // Before the exporter: processors run in the order they were added.
            .AddProcessor(new ProbeTraceFilter())
            .AddOtlpExporter()
            .Build();

    private static MeterProvider BuildMetrics(IServiceProvider services, ResourceBuilder resource) =>
        Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(own => own.AddSingleton(services.GetRequiredService<IConfiguration>()))
            .SetResourceBuilder(resource)
            .AddMeter(Meters)
            .AddOtlpExporter()
            .Build();

    /// <summary>Creates the providers before the first request; the container that owns them flushes them at the end.</summary>
    // The parameters are the work: resolving them builds them.
    private sealed class TelemetryStart(TracerProvider traces, MeterProvider metrics) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            Debug.Assert(traces is not null && metrics is not null);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
