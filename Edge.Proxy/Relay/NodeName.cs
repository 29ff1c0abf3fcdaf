using System.Net;
using System.Net.Sockets;

namespace Edge.Proxy.Relay;

/// <summary>Finds the addresses of a node that is known by a name.</summary>
internal static class NodeName
{
    /// <exception cref="HttpRequestException">There are none. An HTTP client would throw the same.</exception>
    public static async Task<IPAddress[]> ResolveAsync(Uri node, CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(node.DnsSafeHost, cancellationToken);
            return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{exception.Message} ({node.Authority})", exception);
        }
    }
}
