using System.Net;
using System.Net.Sockets;
using Chat.Sockets.Loops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDefaults;

namespace Chat.Sockets.Server;

/// <summary>Listens in the server's place, with sockets that can be taken from it. Endpoints that are not TCP stay with the server's own transport.</summary>
internal sealed class ClientTransport(
    SocketLoops loops, IMemoryPoolFactory<byte> pools, TimeProvider time, ILogger<ClientListener> logger, bool isOn)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly ClientPipes.Settings _pipes = new(pools.Create(), time);

    /// <summary>Registers it.</summary>
    /// <param name="services">The services of a web server.</param>
    /// <param name="isOn">Whether to use it. On systems other than Linux it is never used.</param>
    /// <param name="tending">How its loops tend their sockets.</param>
    public static void Add(IServiceCollection services, Func<IServiceProvider, bool> isOn, SocketTending tending)
    {
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, RequestTurns>()); // the first filter is around all others
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<SocketLoops>(provider, tending));
        services.AddSingleton<IConnectionListenerFactory>(provider => // the server asks the factory that was added last first
            ActivatorUtilities.CreateInstance<ClientTransport>(provider, OperatingSystem.IsLinux() && isOn(provider)));
    }

    public bool CanBind(EndPoint endpoint) => isOn && endpoint is IPEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(exception.Message, exception);
        }

        return ValueTask.FromResult<IConnectionListener>(new ClientListener(socket, loops, _pipes, new NowAndThen(time), logger));
    }
}
