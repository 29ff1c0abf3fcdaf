using System.Net;
using System.Net.Sockets;

namespace AppHost;

/// <summary>Ports of this machine.</summary>
internal static class LocalPort
{
    /// <summary>Returns true if nobody listens on the port for connections from this machine.</summary>
    public static bool IsFree(int port) =>
        CanBind(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanBind(IPAddress.IPv6Loopback, port));

    /// <summary>Returns a port that is free now. The caller should use it soon.</summary>
    /// <remarks>
    /// The port is below those that systems give to outgoing connections (32768 on Linux). A client that keeps trying a port of that range while
    /// nobody listens there is one day given the port itself: it connects to itself, and keeps the server from coming back.
    /// </remarks>
    public static int FindFree()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_768);
            if (IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool CanBind(IPAddress address, int port)
    {
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode == SocketError.AddressNotAvailable; // no such address here, so nothing is in the way
        }
    }
}
