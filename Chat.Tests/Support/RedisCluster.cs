using System.Globalization;

namespace Chat.Tests.Support;

/// <summary>A Redis Cluster of three masters without replicas.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16384;

    private readonly List<RedisServer> _servers = [];

    public IReadOnlyList<RedisServer> Servers => _servers;

    public static async Task<RedisCluster> StartAsync()
    {
        var cluster = new RedisCluster();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                // Half of the timeout without an answer, on a busy machine, and servers drop their link, with what was published meanwhile.
                var server = await RedisServer.StartAsync(RedisKind.Redis, persists: false,
                    "--cluster-enabled", "yes", "--cluster-node-timeout", "3000", "--cluster-require-full-coverage", "no");
                cluster._servers.Add(server);
                var (first, last) = RangeOf(i);
                server.Execute("CLUSTER", "ADDSLOTSRANGE", Text(first), Text(last));
                server.Execute("CLUSTER", "SET-CONFIG-EPOCH", Text(i + 1));
                cluster._servers[0].Execute("CLUSTER", "MEET", "127.0.0.1", Text(server.Port));
            }

            await Eventually.TrueAsync(() => cluster._servers.TrueForAll(KnowsAll));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Which server owned a slot at the start.</summary>
    public static int OwnerOf(int slot) => Enumerable.Range(0, 3).First(i => slot <= RangeOf(i).Last);

    /// <summary>Gives slots, without their keys, to another server; those of a server that is away as well.</summary>
    public void Move(int first, int last, int to)
    {
        _servers[to].Execute("CLUSTER", "BUMPEPOCH"); // else the old owner, of a later epoch, may claim them back
        var id = (string)_servers[to].Execute("CLUSTER", "MYID")!;
        foreach (var server in _servers.Where(server => server.IsRunning).OrderBy(server => server != _servers[to]))
        {
            using var client = new RedisClient(server.Port);
            for (var slot = first; slot <= last; slot++)
            {
                client.Send("CLUSTER", "SETSLOT", Text(slot), "NODE", id);
            }

            for (var slot = first; slot <= last; slot++)
            {
                client.Receive();
            }
        }
    }

    public static (int First, int Last) RangeOf(int server) => (server * Slots / 3, ((server + 1) * Slots / 3) - 1);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    // And has its links to them: what is published goes only over those that stand.
    private static bool KnowsAll(RedisServer server) =>
        ((string)server.Execute("CLUSTER", "INFO")!).Contains("cluster_state:ok", StringComparison.Ordinal)
        && ((string)server.Execute("CLUSTER", "NODES")!).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .All(static node => node.Split(' ')[7] == "connected") // id, address, flags, primary, ping, pong, epoch, link, slots
        && server.Execute("CLUSTER", "SLOTS") is object?[] { Length: 3 };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
