using Edge.Proxy.Sockets;
using Microsoft.AspNetCore.Connections;
using Yarp.ReverseProxy.Forwarder;

namespace Edge.Proxy.Relay;

/// <summary>Registers the relay: where clients come in, and what takes YARP's place behind its pipeline.</summary>
internal static class RelayBuilder
{
    /// <summary>After YARP is added.</summary>
    public static IServiceCollection AddRelay(this IServiceCollection services)
    {
        services.AddSingleton<SocketLoops>();
        services.AddSingleton<RelayedConnections>();
        services.AddSingleton<IConnectionListenerFactory, ClientTransport>(); // the server asks the last one first
        var yarps = services.Last(service => service.ServiceType == typeof(IHttpForwarder));
        services.Remove(yarps);
        services.AddSingleton<IHttpForwarder>(provider => ActivatorUtilities.CreateInstance<RelayForwarder>(
            provider, ActivatorUtilities.CreateInstance(provider, yarps.ImplementationType!)));
        return services;
    }
}
