using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Chat.Api.Redis.Resp;

/// <summary>Which life of a server a link talks to. A new one begins with each restart, promotion, demotion or replacement.</summary>
/// <remarks>
/// Made of <c>run_id</c> (INFO server), which is new with each start, and <c>master_replid</c> (INFO replication), which is new with
/// each promotion and, on a server that becomes a replica, is its primary's.
/// Redis 7 gives both (Valkey, its fork, has not been tried). Garnet 2.2.8 gives the first, and zeros for the second unless it runs
/// as a cluster. Both are hashed to a token of fixed length. A server, or a proxy in front of it, that gives no <c>run_id</c> has the
/// token <see cref="Unknown"/>: its lives cannot be told apart, and only a position beyond its own shows that it came back
/// older than it was.
/// </remarks>
internal static class ServerLife
{
    public const int Length = 16;
    public const string Unknown = "0000000000000000";

    public static ReadOnlySpan<byte> UnknownUtf8 => "0000000000000000"u8;

    /// <param name="server">The reply to INFO server, or any other text if that was refused.</param>
    /// <param name="replication">The same for INFO replication.</param>
    public static string Of(string server, string replication)
    {
        var run = Field(server, "run_id:");
        return run.Length == 0
            ? Unknown
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{run} {Field(replication, "master_replid:")}")))[..Length];
    }

    /// <summary>Whether the reply to INFO replication says that the server does not take writes.</summary>
    public static bool IsReplica(string replication) => Field(replication, "role:") == "slave";

    /// <summary>The primary of a replica in a Redis Cluster, as both replies to INFO name it; null if the server is no such replica, or
    /// names none.</summary>
    public static (string Host, int Port)? PrimaryInCluster(string server, string replication) =>
        Field(server, "redis_mode:") == "cluster" && Field(replication, "master_host:") is { Length: > 0 } host
        && int.TryParse(Field(replication, "master_port:"), CultureInfo.InvariantCulture, out var port)
            ? (host, port)
            : null;

    /// <summary>What a reply to INFO says after a name and its colon; empty if nothing.</summary>
    public static string Field(string info, string name)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[name.Length..].Trim().ToString();
            }
        }

        return "";
    }
}
