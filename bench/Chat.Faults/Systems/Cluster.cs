using Chat.Tests.Edge;
using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>A Redis or a Redis Cluster, nodes and, where the system has one, an edge, each in its own process on this machine.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    // Undoes what the tests set lower than the defaults.
    private static readonly (string, string)[] EdgeDefaults = [("Edge:HealthInterval", "00:00:02"), ("Edge:UpgradeTimeout", "00:00:10")];

    private readonly SystemUnderTest _system;
    private readonly ClusterOptions _options;
    private readonly List<Node> _nodes = []; // guards itself
    private readonly List<Node> _taken = [];
    private readonly List<RedisProxy> _wires = [];
    private RedisServer? _redis;
    private RedisCluster? _primaries;
    private int _turn;
    private EdgeProcess? _edge;

    private Cluster(SystemUnderTest system, ClusterOptions options)
    {
        _system = system;
        _options = options;
    }

    public RedisServer Redis => _redis ?? throw new InvalidOperationException("There is a Redis Cluster.");

    public RedisCluster Primaries => _primaries ?? throw new InvalidOperationException("There is one Redis.");

    public RedisServer? Replica { get; private set; }

    /// <summary>A copy of the list of nodes that were started and not taken.</summary>
    public IReadOnlyList<Node> Nodes
    {
        get
        {
            lock (_nodes)
            {
                return [.. _nodes];
            }
        }
    }

    /// <summary>The proxies to Redis, in the order of the nodes that were started first.</summary>
    public IReadOnlyList<RedisProxy> Wires => _wires;

    public EdgeProcess Edge => _edge ?? throw new InvalidOperationException("There is no edge.");

    /// <summary>The address for clients: the edge or, in turn, the nodes.</summary>
    public Uri Door
    {
        get
        {
            if (_edge is { } edge)
            {
                return edge.Address;
            }

            lock (_nodes)
            {
                return _nodes[(int)((uint)Interlocked.Increment(ref _turn) % _nodes.Count)].Process.Address;
            }
        }
    }

    public static async Task<Cluster> StartAsync(SystemUnderTest system, ClusterOptions options)
    {
        var cluster = new Cluster(system, options);
        try
        {
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts further nodes. Returns when they are ready.</summary>
    public Task AddAsync(int count = 1) => AddAsync([.. Enumerable.Repeat(ConnectionString, count)], new Dictionary<string, string>());

    /// <summary>Takes a node out of the list. The caller has to end it.</summary>
    public Node Take(int index)
    {
        lock (_nodes)
        {
            var node = _nodes[index];
            _nodes.RemoveAt(index);
            _taken.Add(node);
            return node;
        }
    }

    /// <summary>Ends the edge the way a crash does and starts another one.</summary>
    public async Task RestartEdgeAsync()
    {
        await Edge.DisposeAsync();
        _edge = await EdgeProcess.StartAsync(ConnectionString, EdgeDefaults);
    }

    /// <summary>The output of all processes.</summary>
    public string Log() => string.Join("\n\n", [.. Nodes.Concat(_taken).Select(node => $"node {node.Id}\n{node.Process.Output}"), $"edge\n{_edge?.Output}"]);

    public async ValueTask DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Task.WhenAll(Nodes.Concat(_taken).Select(node => node.Process.DisposeAsync().AsTask()));
        await Task.WhenAll(_wires.Select(wire => wire.DisposeAsync().AsTask()));
        await (Replica?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_redis?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_primaries?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private string ConnectionString => string.Join(',', Known().Select(server => server.ConnectionString));

    private IEnumerable<RedisServer> Known() => _primaries?.Servers ?? (Replica is null ? [Redis] : [Redis, Replica]);

    private async Task StartAsync()
    {
        if (_options.HasPrimaries)
        {
            _primaries = await RedisCluster.StartAsync(replicas: 3);
        }
        else
        {
            _redis = await RedisServer.StartAsync(_options.Redis, _options.Persists);
        }

        if (_options.HasReplica)
        {
            Replica = await RedisServer.StartAsync(_options.Redis, _options.Persists, "--replicaof", "127.0.0.1", $"{Redis.Port}");
        }

        _wires.AddRange(_options.HasWires ? Enumerable.Range(0, _options.Nodes).Select(_ => new RedisProxy(Redis)) : []);
        var connections = _options.HasWires ? _wires.Select(wire => wire.ConnectionString) : Enumerable.Repeat(ConnectionString, _options.Nodes);
        await AddAsync([.. connections], _options.SecondNode);
        _edge = _system.HasEdge ? await EdgeProcess.StartAsync(ConnectionString, EdgeDefaults) : null;
    }

    private async Task AddAsync(string[] connections, IReadOnlyDictionary<string, string> secondNode)
    {
        var nodes = await Task.WhenAll(connections.Select((redis, i) =>
            _system.StartNodeAsync(redis, i == 1 ? _options.Settings.Concat(secondNode).ToDictionary() : _options.Settings)));
        lock (_nodes)
        {
            _nodes.AddRange(nodes);
        }
    }
}
