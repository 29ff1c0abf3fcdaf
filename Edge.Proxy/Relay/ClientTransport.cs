using System.Net;
using System.Net.Sockets;
using Edge.Proxy.Requests;
using Edge.Proxy.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Edge.Proxy.Relay;

/// <summary>Listens where the server would, with sockets that a relay can take over. Endpoints that are not TCP stay with the server's own transport.</summary>
internal sealed class ClientTransport(
    SocketLoops loops, IOptions<EdgeOptions> options, IMemoryPoolFactory<byte> pools, TimeProvider time, ILogger<ClientListener> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly ClientPipes.Settings _pipes = new(pools.Create());

    public bool CanBind(EndPoint endpoint) => options.Value.Relay && OperatingSystem.IsLinux() && endpoint is IPEndPoint;

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
