using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Health;

namespace Edge.Proxy.Capacity;

/// <summary>Registers what an edge does at the limits of its own process.</summary>
internal static class CapacityBuilder
{
    public static IServiceCollection AddCapacity(this IServiceCollection services)
    {
        services.AddSingleton<EdgeCapacity>();
        services.AddSingleton<IActiveHealthCheckPolicy, NodeProbePolicy>();
        // Not Kestrel's MaxConcurrentConnections, which does not count WebSockets.
        services.AddOptions<KestrelServerOptions>().Configure<EdgeCapacity>(static (kestrel, capacity) =>
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => CountAsync(connection, next, capacity))));
        return services;
    }

    private static async Task CountAsync(ConnectionContext connection, ConnectionDelegate next, EdgeCapacity capacity)
    {
        if (!capacity.TryAccept())
        {
            connection.Abort();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            capacity.Ended();
        }
    }
}
