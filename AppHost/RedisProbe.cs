using System.Globalization;
using System.Net.Sockets;

namespace AppHost;

/// <summary>Checks whether something that speaks Redis answers at an address.</summary>
internal static class RedisProbe
{
    private const int StandardPort = 6379;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The first host and port of a connection string of StackExchange.Redis; null if there is none.</summary>
    public static (string Host, int Port)? EndpointOf(string connectionString)
    {
        var endpoint = connectionString.Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(part => part.Length > 0 && !part.Contains('='));
        if (endpoint is null)
        {
            return null;
        }

        // A colon within an IPv6 address does not begin a port: [::1]:6379.
        var colon = endpoint.EndsWith(']') ? -1 : endpoint.LastIndexOf(':');
        var host = colon < 0 ? endpoint : endpoint[..colon];
        if (colon < 0)
        {
            return (host.Trim('[', ']'), StandardPort);
        }

        var isPort = ushort.TryParse(endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0;
        return isPort && host.Length > 0 ? (host.Trim('[', ']'), port) : null;
    }

    /// <summary>Returns true if the connection string asks for TLS.</summary>
    public static bool IsEncrypted(string connectionString) =>
        connectionString.Split(',', StringSplitOptions.TrimEntries).Any(part => part.Equals("ssl=true", StringComparison.OrdinalIgnoreCase));

    /// <summary>Sends a PING. Returns null if an answer came, even a refusal for lack of a password; otherwise what went wrong.</summary>
    public static async Task<string?> AskAsync(string host, int port, bool isEncrypted = false, CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, deadline.Token);
            if (isEncrypted)
            {
                return null; // it is enough that it listens; certificates are checked by the nodes
            }

            await socket.SendAsync("PING\r\n"u8.ToArray(), deadline.Token);
            var answer = new byte[16];
            var count = await socket.ReceiveAsync(answer, deadline.Token);
            return count > 0 && answer[0] is (byte)'+' or (byte)'-' ? null : "what answers is not Redis";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds} s";
        }
        catch (SocketException failure)
        {
            return failure.Message;
        }
    }
}
