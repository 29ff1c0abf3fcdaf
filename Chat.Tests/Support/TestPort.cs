using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Chat.Tests.Support;

/// <summary>Ports of this machine for processes of tests.</summary>
/// <remarks>The ports are below the range that systems hand out for outgoing connections (from 32768 on Linux). A client that keeps trying a port of
/// that range where nobody listens would one day be given that very port and connect to itself. They are also below 22,768, since the servers of a
/// Redis Cluster listen at their port plus 10,000 as well. A test process most likely has a part of the ports to itself, so that two processes side
/// by side do not take each other's ports between finding one and listening on it.</remarks>
internal static class TestPort
{
    private const int Least = 11_000;
    private const int Parts = 8;
    private const int PerPart = (22_700 - Least) / Parts;

    private static readonly ConcurrentDictionary<int, bool> Given = new();

    public static int FindFree()
    {
        while (true)
        {
            var port = Least + (Environment.ProcessId % Parts * PerPart) + Random.Shared.Next(PerPart);
            if (Given.TryAdd(port, true) && IsFree(port) && IsFree(port + 10_000))
            {
                return port; // handed out only once: two processes that do not listen yet would both find it free
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
