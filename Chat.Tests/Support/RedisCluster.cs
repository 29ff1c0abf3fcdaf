using System.Globalization;

namespace Chat.Tests.Support;

/// <summary>A Redis Cluster of three primaries, some of which may have a replica.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16384;

    private readonly List<RedisServer> _servers = [];

    public IReadOnlyList<RedisServer> Servers => _servers;

    /// <summary>The replica of the third server, if one was asked for.</summary>
    public RedisServer Replica => _servers[3];

    /// <summary>Returns when all servers know each other.</summary>
    /// <param name="replicas">How many primaries have a replica, counted from the last primary. With all three, server 5 follows server 0.</param>
    public static async Task<RedisCluster> StartAsync(int replicas = 0)
    {
        var cluster = new RedisCluster();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                var server = await cluster.AddServerAsync();
                var (first, last) = RangeOf(i);
                server.Execute("CLUSTER", "ADDSLOTSRANGE", Text(first), Text(last));
                server.Execute("CLUSTER", "SET-CONFIG-EPOCH", Text(i + 1));
                cluster._servers[0].Execute("CLUSTER", "MEET", "127.0.0.1", Text(server.Port));
            }

            await Eventually.TrueAsync(() => cluster._servers.TrueForAll(KnowsAll));
            for (var i = 0; i < replicas; i++)
            {
                await cluster.ReplicateAsync(2 - i);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server that owned a slot at the start.</summary>
    public static int OwnerOf(int slot) => Enumerable.Range(0, 3).First(i => slot <= RangeOf(i).Last);

    /// <summary>Assigns slots, without their keys, to another server. This also works for slots of a server that is away.</summary>
    public void Move(int first, int last, int to)
    {
        _servers[to].Execute("CLUSTER", "BUMPEPOCH"); // else the old owner, if it has a later epoch, may claim them back
        var id = IdOf(to);
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

    /// <summary>Moves a slot with its keys, as an operator does while the slot is in use.</summary>
    public void Migrate(int slot, int from, int to)
    {
        foreach (var _ in MigrateInSteps(slot, from, to, keysAtOnce: 100))
        {
            // Takes the next step at once.
        }
    }

    /// <summary>Does the same step by step: both servers are told, the keys move a few at a time, and both servers are told again. Each step runs
    /// when the enumeration asks for it.</summary>
    /// <returns>After each step but the last, its number.</returns>
    public IEnumerable<int> MigrateInSteps(int slot, int from, int to, int keysAtOnce)
    {
        using var source = new RedisClient(_servers[from].Port);
        using var target = new RedisClient(_servers[to].Port);
        var steps = 0;
        target.Execute("CLUSTER", "SETSLOT", Text(slot), "IMPORTING", IdOf(from));
        source.Execute("CLUSTER", "SETSLOT", Text(slot), "MIGRATING", IdOf(to));
        yield return ++steps;
        while (source.Execute("CLUSTER", "GETKEYSINSLOT", Text(slot), Text(keysAtOnce)) is object?[] { Length: > 0 } keys)
        {
            source.Execute(["MIGRATE", "127.0.0.1", Text(_servers[to].Port), "", "0", "5000", "KEYS", .. keys.Cast<string>()]);
            yield return ++steps;
        }

        target.Execute("CLUSTER", "SETSLOT", Text(slot), "NODE", IdOf(to));
        yield return ++steps;
        source.Execute("CLUSTER", "SETSLOT", Text(slot), "NODE", IdOf(to));
    }

    /// <summary>Waits until the replica has all data of the third server, kills that server, and lets the replica take over.</summary>
    public async Task FailOverAsync()
    {
        await ReplicatedAsync();
        await _servers[2].KillAsync();
        Replica.Execute("CLUSTER", "FAILOVER", "TAKEOVER");
    }

    /// <summary>Lets the third server and its replica change places.</summary>
    public async Task SwitchAsync()
    {
        await ReplicatedAsync();
        Replica.Execute("CLUSTER", "FAILOVER", "TAKEOVER");
    }

    /// <summary>Cuts a server off from its replica, so that later commands do not reach the replica. All three servers must have a replica.</summary>
    /// <returns>The replica.</returns>
    public RedisServer CutReplicaOff(int server)
    {
        var replica = _servers[5 - server];
        replica.Execute("CONFIG", "SET", "masterauth", "wrong"); // keeps it from connecting again
        _servers[server].Execute("CLIENT", "KILL", "TYPE", "replica");
        return replica;
    }

    /// <summary>Lets a server and the others forget each other. Each side continues with the slots that it has.</summary>
    public void CutOff(int server)
    {
        var id = IdOf(server);
        for (var other = 0; other < _servers.Count; other++)
        {
            if (other != server)
            {
                _servers[server].Execute("CLUSTER", "FORGET", IdOf(other));
                _servers[other].Execute("CLUSTER", "FORGET", id);
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

    private async Task<RedisServer> AddServerAsync()
    {
        // After half of this timeout without an answer, as on a busy machine, servers drop their link, and with it the messages published meanwhile.
        var server = await RedisServer.StartAsync(RedisKind.Redis, persists: false,
            "--cluster-enabled", "yes", "--cluster-node-timeout", "3000", "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0");
        _servers.Add(server);
        return server;
    }

    private async Task ReplicateAsync(int primary)
    {
        var replica = await AddServerAsync();
        _servers[0].Execute("CLUSTER", "MEET", "127.0.0.1", Text(replica.Port));
        await Eventually.TrueAsync(() => _servers.TrueForAll(KnowsAll));
        replica.Execute("CLUSTER", "REPLICATE", IdOf(primary));
        await Eventually.TrueAsync(() => Field(replica, "master_link_status:") == "up");
    }

    private Task ReplicatedAsync() => Eventually.TrueAsync(() => Field(_servers[2], "master_repl_offset:") == Field(Replica, "slave_repl_offset:"));

    private string IdOf(int server) => (string)_servers[server].Execute("CLUSTER", "MYID")!;

    private static string Field(RedisServer server, string name) => ((string)server.Execute("INFO", "replication")!).Split("\r\n")
        .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..] ?? "";

    // The links must be up as well: a published message only travels over those.
    private static bool KnowsAll(RedisServer server) =>
        ((string)server.Execute("CLUSTER", "INFO")!).Contains("cluster_state:ok", StringComparison.Ordinal)
        && ((string)server.Execute("CLUSTER", "NODES")!).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .All(static node => node.Split(' ')[7] == "connected") // id, address, flags, primary, ping, pong, epoch, link, slots
        && server.Execute("CLUSTER", "SLOTS") is object?[] { Length: 3 };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
