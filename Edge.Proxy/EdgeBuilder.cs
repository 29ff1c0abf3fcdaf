using Edge.Proxy.Affinity;
using Edge.Proxy.Arrivals;
using Edge.Proxy.Capacity;
using Edge.Proxy.Failover;
using Edge.Proxy.Nodes;
using Edge.Proxy.Origins;
using Edge.Proxy.Relay;
using Edge.Proxy.Requests;
using Edge.Proxy.Routing;
using Edge.Proxy.Stopping;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using ServiceDefaults;
using ServiceDefaults.Nodes;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.SessionAffinity;

namespace Edge.Proxy;

internal static class EdgeBuilder
{
    public static WebApplicationBuilder AddEdge(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettingNames<EdgeOptions>(EdgeOptions.Section);
        services.AddSettingNames<string>(RedisPrefix.Key);
        services.AddOptions<EdgeOptions>().BindConfiguration(EdgeOptions.Section)
            .Configure<IConfiguration>(static (edge, configuration) => edge.AllowedOrigins = ReadOrigins(configuration))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<EdgeOptions>, EdgeOptionsValidator>();
        services.Configure<KestrelServerOptions>(static kestrel => kestrel.AddServerHeader = false);

        services.AddSingleton<EdgeMetrics>();
        services.AddCapacity();
        services.AddSingleton<ArrivalLimits>();
        services.AddStopping();
        services.AddOrigins();
        services.AddReverseProxy().AddTransforms<EdgeTransforms>();
        services.AddRelay();
        services.AddSingleton<IForwarderHttpClientFactory, ResponseDeadline>();
        services.AddSingleton<ILoadBalancingPolicy, LeastConnectionsPolicy>();
        services.AddSingleton<IPassiveHealthCheckPolicy, RefusalPolicy>();
        services.AddSingleton<IAvailableDestinationsPolicy, ReachableNodesPolicy>();
        services.AddSingleton<EdgeIdentity>();
        services.AddSingleton<NodeCookie>();
        services.AddSingleton<ISessionAffinityPolicy, HubAffinity>();
        services.AddSingleton<IAffinityFailurePolicy, NoConnectionPolicy>();
        services.AddSingleton<NodeDestinations>();
        services.AddSingleton<NodeAnswers>();
        services.AddSingleton(provider => provider.GetRequiredService<NodeDestinations>().Provider);
        if (builder.Configuration[$"{EdgeOptions.Section}:{nameof(EdgeOptions.Upstream)}"] is null)
        {
            services.AddSingleton(new NodeKeys(RedisPrefix.Read(builder.Configuration)));
            services.AddSingleton<NodeList>();
            services.AddSingleton<NodeRegistry>();
            services.AddHostedService<NodeFollower>();
            services.AddHostedService<LostNodes>();
        }

        services.AddHealthChecks().AddCheck<NodesHealthCheck>("nodes");
        // Without Redis the edge still serves the nodes it knows: it is degraded, but must not be taken out of service.
        services.PostConfigure<HealthCheckServiceOptions>(health =>
        {
            foreach (var redis in health.Registrations.Where(check => check.Name == "redis"))
            {
                redis.FailureStatus = HealthStatus.Degraded;
            }
        });
        return builder;
    }

    public static WebApplication MapEdge(this WebApplication app)
    {
        app.Services.GetRequiredService<EdgeCapacity>().Announce();
        app.UseOrigins();
        app.MapReverseProxy(proxy =>
        {
            proxy.Use(static (http, next) => http.Request.MayUpgrade() ? next(http) : PassWithoutUpgradeAsync(http, next));
            proxy.UseMiddleware<DrainingMiddleware>();
            proxy.UseMiddleware<ArrivalMiddleware>();
            proxy.UseMiddleware<CapacityMiddleware>();
            proxy.UseMiddleware<StreamShutdown>();
            proxy.UseMiddleware<FailoverMiddleware>();
            proxy.UseSessionAffinity();
            proxy.UseMiddleware<GoneNode>();
            proxy.Use(static (http, next) => http.GetReverseProxyFeature().AvailableDestinations.Count == 0 ? Unavailable.NoNodeAsync(http) : next(http));
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        });
        return app;
    }

    // For a request that may not upgrade: YARP would make a proper upgrade of it, and a node would accept what it refuses without an edge.
    private static Task PassWithoutUpgradeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.IsTunnel())
        {
            http.Response.StatusCode = StatusCodes.Status501NotImplemented;
            return Task.CompletedTask;
        }

        http.Request.Headers.Remove(HeaderNames.Upgrade);
        return next(http);
    }

    // One value with commas, or one key for each origin.
    private static string[] ReadOrigins(IConfiguration configuration)
    {
        var section = configuration.GetSection($"{EdgeOptions.Section}:{nameof(EdgeOptions.AllowedOrigins)}");
        return
        [
            .. section.GetChildren().Prepend(section)
                .SelectMany(one => (one.Value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                // The validator reports a text that is no origin.
                .Select(text => Origin.TryNormalize(text, out var origin) ? origin : text)
                .Distinct(),
        ];
    }
}
