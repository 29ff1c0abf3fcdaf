using Chat.Sockets.Answers;
using Chat.Sockets.Clients;
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

    // The server looks at the clock once a second.
    private static readonly TimeSpan ServersTurn = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddCapacity(this IServiceCollection services)
    {
        services.AddSingleton<EdgeCapacity>();
        ClientConnections.Add(services, CreateBounds);
        UntakenAnswers.Add(services, CreateUntaken);
        services.AddSingleton<IActiveHealthCheckPolicy, NodeProbePolicy>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<EdgeOptions>>(static (kestrel, edge) => Limit(kestrel, edge.Value));
        return services;
    }

    private static ClientBounds CreateBounds(IServiceProvider services)
    {
        var (metrics, edge) = (services.GetRequiredService<EdgeMetrics>(), services.GetRequiredService<IOptions<EdgeOptions>>().Value);
        return new ClientBounds
        {
            Most = services.GetRequiredService<EdgeCapacity>().Clients,
            FirstRequest = edge.HeaderTimeout,
            Idle = edge.KeepAliveTimeout + edge.HeaderTimeout + ServersTurn,
            Refused = refusal => metrics.Refused(refusal switch
            {
                ClientRefusal.Full => EdgeRefusal.Full,
                ClientRefusal.Silent => EdgeRefusal.Silent,
                ClientRefusal.Idle => EdgeRefusal.Idle,
                _ => EdgeRefusal.Untaken,
            }),
        };
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
