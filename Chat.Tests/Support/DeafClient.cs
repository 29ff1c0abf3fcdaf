using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Chat.Tests.Support;

/// <summary>A client that asks on and on, and reads nothing of what it is answered.</summary>
internal static class DeafClient
{
    /// <summary>Until the server ends its connection.</summary>
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
            // As it had to come.
        }
    }
}
