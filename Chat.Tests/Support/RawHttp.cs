using System.Net.Sockets;
using System.Text;

namespace Chat.Tests.Support;

/// <summary>A request written by hand, for requests that an HTTP client would correct or refuse to send.</summary>
internal static class RawHttp
{
    /// <summary>Sends the request and returns the answer as received, head and body; of an upgrade only the head.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="target">Path and query, exactly as they go over the wire.</param>
    /// <param name="headers">Lines such as <c>Origin: null</c>. Host and Connection are added unless given.</param>
    /// <param name="method">The method; GET by default.</param>
    public static async Task<string> SendAsync(Uri server, string target, string[]? headers = null, string method = "GET")
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, deadline.Token);
        var stream = client.GetStream();
        List<string> lines = [$"{method} {target} HTTP/1.1", .. headers ?? []];
        Add("Host: " + server.Authority);
        Add("Connection: close");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"), deadline.Token);

        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, deadline.Token) is var count and > 0)
        {
            answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            if (answer.ToString() is var text && text.StartsWith("HTTP/1.1 101", StringComparison.Ordinal)
                && text.Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                break;
            }
        }

        return answer.ToString();

        void Add(string line)
        {
            if (!lines.Any(given => given.StartsWith(line[..line.IndexOf(' ')], StringComparison.OrdinalIgnoreCase)))
            {
                lines.Add(line);
            }
        }
    }

    /// <summary>The headers of a WebSocket upgrade.</summary>
    public static string[] Upgrade(params string[] more) =>
    [
        "Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", .. more,
    ];

    public static int Status(string answer) => int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture);
}
