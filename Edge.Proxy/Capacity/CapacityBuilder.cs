using Chat.Sockets.Answers;
using Edge.Proxy.Requests;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Health;

namespace Edge.Proxy.Capacity;

/// <summary>Registers what keeps an edge within the limits of its own process, and protects it from clients that would use it up.</summary>
internal static class CapacityBuilder
{
    // The lowest rate counts only after this time: a body may begin with a pause.
    private static readonly TimeSpan BodyGrace = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddCapacity(this IServiceCollection services)
    {
        services.AddSingleton<EdgeCapacity>();
        services.AddSingleton<ClientConnections>();
        services.AddTransient<IStartupFilter, RequestCount>();
        UntakenAnswers.Add(services, CreateUntaken);
        services.AddSingleton<IActiveHealthCheckPolicy, NodeProbePolicy>();
        // Not Kestrel's MaxConcurrentConnections, which does not count WebSockets.
        services.AddOptions<KestrelServerOptions>()
            .Configure<ClientConnections>(static (kestrel, connections) =>
                kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => connections.RunAsync(connection, next))))
            .Configure<IOptions<EdgeOptions>>(static (kestrel, edge) => Limit(kestrel, edge.Value));
        return services;
    }

    // At most half of the connections, since those leave no room for others meanwhile.
    private static UntakenAnswers CreateUntaken(IServiceProvider services)
    {
        var (metrics, clients) = (services.GetRequiredService<EdgeMetrics>(), services.GetRequiredService<EdgeCapacity>().Clients);
        var most = Math.Min(services.GetRequiredService<IOptions<EdgeOptions>>().Value.UntakenAnswers, Math.Max(1, clients / 2));
        return new UntakenAnswers(most, () => metrics.Refused(EdgeRefusal.Untaken), services.GetRequiredService<TimeProvider>());
    }

    private static void Limit(KestrelServerOptions kestrel, EdgeOptions edge)
    {
        kestrel.Limits.MaxRequestBodySize = edge.RequestBodyBytes;
        kestrel.Limits.RequestHeadersTimeout = edge.HeaderTimeout;
        kestrel.Limits.KeepAliveTimeout = edge.KeepAliveTimeout;
        kestrel.Limits.MinRequestBodyDataRate = edge.BodyBytesPerSecond == 0 ? null : new MinDataRate(edge.BodyBytesPerSecond, BodyGrace);
        kestrel.ConfigureHttpsDefaults(static https => https.HandshakeTimeout = TimeSpan.FromDays(1)); // a client that takes too long is ended by ClientConnections
    }
}
