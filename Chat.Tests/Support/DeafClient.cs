using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chat.Tests.Support;

/// <summary>A client that keeps sending requests and never reads the answers.</summary>
internal static class DeafClient
{
    /// <summary>Sends requests until the server ends the connection.</summary>
    public static async Task AskAsync(Uri server, string path, params string[] headers)
    {
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, server.Port);
        var request = Encoding.ASCII.GetBytes(string.Join("\r\n", [$"GET {path} HTTP/1.1", $"Host: {server.Authority}", .. headers, "\r\n"]));
        try
        {
            while (true)
            {
                await client.SendAsync(request);
            }
        }
        catch (SocketException)
        {
            // This end is expected.
        }
    }
}
