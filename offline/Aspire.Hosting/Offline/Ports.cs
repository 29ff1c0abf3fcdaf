using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Offline;

/// <summary>Free ports on this machine, each given out once.</summary>
/// <remarks>
/// They are below those that systems give to outgoing connections (32768 on Linux). A client that keeps trying a port of that range while nobody
/// listens there is one day given the port itself: it connects to itself, and keeps the process from coming back.
/// </remarks>
internal static class Ports
{
    private const int Lowest = 20_000;
    private const int Highest = 32_767;

    // Ports to remember, because a port stays free until the process that it is meant for listens on it.
    private const int Remembered = 512;

    private static readonly Lock Gate = new(); // guards Given
    private static readonly Queue<int> Given = new();

    public static int TakeFree()
    {
        lock (Gate)
        {
            while (true)
            {
                var port = Random.Shared.Next(Lowest, Highest + 1);
                if (Given.Contains(port) || !IsFree(port))
                {
                    continue;
                }

                Given.Enqueue(port);
                if (Given.Count > Remembered)
                {
                    Given.Dequeue();
                }

                return port;
            }
        }
    }

    public static bool IsFree(int port) =>
        CanBind(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanBind(IPAddress.IPv6Loopback, port));

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
