using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Offline;

/// <summary>Free ports on this machine, each given out once.</summary>
internal static class Ports
{
    // The system may offer a port again as soon as it is let go, before the process it was meant for listens on it.
    private const int Remembered = 512;

    private static readonly Lock Gate = new(); // guards Given
    private static readonly Queue<int> Given = new();

    public static int TakeFree()
    {
        lock (Gate)
        {
            while (true)
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                var port = ((IPEndPoint)probe.LocalEndPoint!).Port;
                if (Given.Contains(port))
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
}
