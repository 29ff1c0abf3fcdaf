using System.Globalization;

namespace Chat.Api.Redis.Resp;

/// <summary>Where Redis is and how to log in, read from the connection string that StackExchange.Redis takes:
/// <c>host:port,host:port,password=…,user=…,ssl=true,sslHost=…,checkCertificateRevocation=…,defaultDatabase=0,protocol=resp3</c>.</summary>
/// <remarks>Options that only matter to that library are left to it. A Sentinel service name is refused, since
/// this link would talk to the Sentinel as if it were the server.</remarks>
internal sealed record RedisEndpoint(IReadOnlyList<(string Host, int Port)> Servers)
{
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>Where the login changes with time, as access tokens do; asked at every login, and once a tick.</summary>
    public Func<(string? User, string? Password)>? Login { get; init; }

    /// <summary>How to log in now. Without a password there is no login.</summary>
    public (string? User, string? Password) CurrentLogin => Login?.Invoke() ?? (User, Password);

    public bool Tls { get; init; }

    public string? TlsHost { get; init; }

    /// <summary>Whether a certificate that was revoked, or of which that can't be found out, is refused. As in that library, not
    /// unless asked for: authorities of companies often tell nobody.</summary>
    public bool ChecksRevocation { get; init; }

    public int Database { get; init; }

    /// <summary>Whether RESP3 is spoken (<c>protocol=resp3</c>). Otherwise it is RESP2, which every server speaks.</summary>
    public bool Resp3 { get; init; }

    public static RedisEndpoint Parse(string connectionString)
    {
        var servers = new List<(string, int)>();
        var endpoint = new RedisEndpoint(servers);
        foreach (var part in connectionString.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                servers.Add(Server(part));
                continue;
            }

            var value = part[(equals + 1)..].Trim();
            endpoint = part[..equals].Trim().ToUpperInvariant() switch
            {
                "USER" => endpoint with { User = value },
                "PASSWORD" => endpoint with { Password = value },
                "SSL" => endpoint with { Tls = bool.TryParse(value, out var tls) && tls },
                "SSLHOST" => endpoint with { TlsHost = value },
                "CHECKCERTIFICATEREVOCATION" => endpoint with { ChecksRevocation = bool.TryParse(value, out var checks) && checks },
                "DEFAULTDATABASE" => endpoint with { Database = int.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : 0 },
                "PROTOCOL" => endpoint with { Resp3 = value is "3" || value.Equals("resp3", StringComparison.OrdinalIgnoreCase) },
                "SERVICENAME" => throw new FormatException(
                    "ConnectionStrings:redis names a Sentinel service (serviceName); give the address of the Redis primary instead."),
                _ => endpoint,
            };
        }

        return servers.Count > 0
            ? endpoint with { Servers = [.. servers.Select(server => server.Item2 == 0 ? (server.Item1, endpoint.Tls ? 6380 : 6379) : server)] }
            : throw new FormatException("ConnectionStrings:redis names no server; it looks like localhost:6379,password=…");
    }

    /// <summary>The same login at another server of the same cluster.</summary>
    public RedisEndpoint At(string host, int port) => this with { Servers = [(host, port)] };

    private static (string, int) Server(string text)
    {
        // An IPv6 address has colons of its own: [::1]:6379.
        var colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']'))
        {
            return (text.Trim('[', ']'), 0);
        }

        return int.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? (text[..colon].Trim('[', ']'), port)
            : throw new FormatException($"ConnectionStrings:redis: '{text[(colon + 1)..]}' is not a port.");
    }
}
