using Edge.Proxy.Failover;
using Edge.Proxy.Nodes;
using Edge.Proxy.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;

namespace Edge.Proxy;

internal static class EdgeBuilder
{
    // WebSockets are dropped at once; this is for requests that are being answered.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    public static WebApplicationBuilder AddEdge(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<EdgeOptions>().BindConfiguration(EdgeOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<EdgeOptions>, EdgeOptionsValidator>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<EdgeOptions>>(static (kestrel, edge) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = edge.Value.RequestBodyBytes;
        });

        services.AddReverseProxy().AddTransforms<EdgeTransforms>();
        services.AddSingleton<IForwarderHttpClientFactory, ResponseDeadline>();
        services.AddSingleton<ILoadBalancingPolicy, LeastConnectionsPolicy>();
        services.AddSingleton<IPassiveHealthCheckPolicy, RefusalPolicy>();
        services.AddSingleton<IAvailableDestinationsPolicy, ReachableNodesPolicy>();
        services.AddSingleton<NodeDestinations>();
        services.AddSingleton(provider => provider.GetRequiredService<NodeDestinations>().Provider);
        if (builder.Configuration[$"{EdgeOptions.Section}:{nameof(EdgeOptions.Upstream)}"] is null)
        {
            services.AddSingleton<NodeRegistry>();
            services.AddHostedService<NodeFollower>();
        }

        services.AddHealthChecks().AddCheck<NodesHealthCheck>("nodes");
        // Without Redis the edge still serves the nodes it knows: worth a word, not worth being taken out.
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
        app.MapReverseProxy(proxy =>
        {
            proxy.UseMiddleware<UpgradeShutdown>();
            proxy.UseMiddleware<FailoverMiddleware>();
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        });
        return app;
    }
}
