using System.Net;
using Chat.Sockets.Loops;
using Chat.Sockets.Server;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Edge.Proxy.Relay;

/// <summary>Registers the relay: the transport through which clients come in, and the forwarder that takes YARP's place behind its pipeline.</summary>
internal static class RelayBuilder
{
    /// <summary>To be called after YARP is added.</summary>
    public static IServiceCollection AddRelay(this IServiceCollection services)
    {
        services.AddSingleton<RelayedConnections>();
        services.AddSingleton<CopiedUpgrades>();
        services.AddSingleton(static provider => new NodeNames(provider.GetRequiredService<TimeProvider>(), Dns.GetHostAddressesAsync));
        ClientTransport.Add(services, static provider => provider.GetRequiredService<IOptions<EdgeOptions>>().Value.Relay, SocketTending.InParts);
        var yarps = services.Last(service => service.ServiceType == typeof(IHttpForwarder));
        services.Remove(yarps);
        services.AddSingleton<IHttpForwarder>(provider => ActivatorUtilities.CreateInstance<RelayForwarder>(
            provider, ActivatorUtilities.CreateInstance(provider, yarps.ImplementationType!)));
        return services;
    }
}
