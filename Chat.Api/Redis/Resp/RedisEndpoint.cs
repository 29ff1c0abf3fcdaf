using System.Globalization;
using ServiceDefaults;

namespace Chat.Api.Redis.Resp;

/// <summary>Where Redis is and how to log in, read from the connection string that StackExchange.Redis takes:
/// <c>host:port,host:port,password=…,user=…,ssl=true,sslHost=…,checkCertificateRevocation=…,defaultDatabase=0,protocol=resp3</c>.</summary>
/// <remarks>Options that only concern that library are ignored here. A Sentinel service name is refused, because
/// this link would talk to the Sentinel as if it were the server.</remarks>
internal sealed record RedisEndpoint(IReadOnlyList<(string Host, int Port)> Servers)
{
    /// <summary>Further servers that will do; null if there are none.</summary>
    public FurtherServers? Further { get; init; }

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>Gives the current login where it changes with time, as access tokens do. Called at every login and once a tick.</summary>
    public Func<(string? User, string? Password)>? Login { get; init; }

    /// <summary>The login to use now. Without a password there is none.</summary>
    public (string? User, string? Password) CurrentLogin => Login?.Invoke() ?? (User, Password);

    public bool Tls { get; init; }

    public string? TlsHost { get; init; }

    /// <summary>Whether a certificate is refused that was revoked, or whose status cannot be found out. As in that library, the default
    /// is no: companies' certificate authorities often publish no status.</summary>
    public bool ChecksRevocation { get; init; }

    public int Database { get; init; }

    /// <summary>A sharded channel to which the server has to let us publish; null if none is needed.</summary>
    public byte[]? ShardedChannel { get; init; }

    /// <summary>Whether to use RESP3 (<c>protocol=resp3</c>) rather than RESP2, which every server speaks.</summary>
    public bool Resp3 { get; init; }

    /// <exception cref="SettingException">It cannot be understood.</exception>
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
                "SERVICENAME" => throw new SettingException(
                    "ConnectionStrings:redis names a Sentinel service (serviceName); give the address of the Redis primary instead."),
                _ => endpoint,
            };
        }

        return servers.Count > 0
            ? endpoint with { Servers = [.. servers.Select(server => server.Item2 == 0 ? (server.Item1, endpoint.Tls ? 6380 : 6379) : server)] }
            : throw new SettingException("ConnectionStrings:redis names no server; it looks like localhost:6379,password=…");
    }

    /// <summary>The same login at another server of the same cluster.</summary>
    public RedisEndpoint At(string host, int port) => this with { Servers = [(host, port)], Further = null };

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
            : throw new SettingException($"ConnectionStrings:redis: '{text[(colon + 1)..]}' is not a port.");
    }
}
