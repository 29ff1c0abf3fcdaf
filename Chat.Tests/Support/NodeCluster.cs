namespace Chat.Tests.Support;

/// <summary>Nodes and a Redis, started directly: for tests that break things or need settings of their own.</summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    /// <summary>Leases that are short enough for a test to wait for.</summary>
    private static readonly Dictionary<string, string> Quick = new()
    {
        ["Chat:Nodes:Heartbeat"] = "00:00:00.25",
        ["Chat:Nodes:Lease"] = "00:00:02",
    };

    private readonly List<NodeProcess> _nodes = [];
    private readonly Dictionary<string, string> _settings;

    private NodeCluster(RedisServer redis, Dictionary<string, string> settings)
    {
        Redis = redis;
        _settings = settings;
    }

    public RedisServer Redis { get; }

    /// <summary>The nodes that were started and not removed by <see cref="Take"/>.</summary>
    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>Returns when all nodes are ready. The Redis is redis-server where that is installed, else Garnet.</summary>
    public static async Task<NodeCluster> StartAsync(
        int nodes = 3, bool persists = false, params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(Quick);
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var kind = RedisCommandLine.Usual;
        var cluster = new NodeCluster(await RedisServer.StartAsync(kind, persists), all);
        try
        {
            await cluster.AddAsync(nodes);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts further nodes. Returns when they are ready.</summary>
    public async Task AddAsync(int count = 1)
    {
        var started = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => NodeProcess.StartAsync(Redis.ConnectionString, _settings)));
        _nodes.AddRange(started);
    }

    /// <summary>Takes a node out of the list. The caller has to end it.</summary>
    public NodeProcess Take(int index)
    {
        var node = _nodes[index];
        _nodes.RemoveAt(index);
        return node;
    }

    public Task<ChatClient> ConnectAsync(int node, string path) => ChatClient.ConnectAsync(_nodes[node].Address, path);

    /// <summary>Tries again until the limits admit the connection.</summary>
    public async Task<ChatClient> ConnectWhenAdmittedAsync(int node, string path)
    {
        using var deadline = new CancellationTokenSource(ChatClient.Deadline);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            try
            {
                return await ConnectAsync(node, path);
            }
            catch (RefusedException) when (!deadline.IsCancellationRequested)
            {
                await ticks.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }

    public Task<RawWebSocket> ConnectRawAsync(int node, string path, int? receiveBuffer = null) =>
        RawWebSocket.ConnectAsync(_nodes[node].Address, path, receiveBuffer);

    /// <summary>Starts clients of one topic, spread over the nodes, that resume on whichever node is available. Returns when all have joined.</summary>
    public async Task<ResumingClient[]> JoinAsync(int clients, Func<int, string> path)
    {
        var turn = 0;
        var all = Enumerable.Range(0, clients)
            .Select(i => new ResumingClient(() => _nodes[Interlocked.Increment(ref turn) % _nodes.Count].Address, path(i))).ToArray();
        await Task.WhenAll(all.Select(client => client.Subscribed)).WaitAsync(ChatClient.Deadline);
        return all;
    }

    public Task UntilHealthAsync(bool isHealthy, TimeSpan within) =>
        Task.WhenAll(_nodes.Select(node => node.UntilHealthAsync(isHealthy, within)));

    /// <summary>The output of the nodes, for a failing test.</summary>
    public string Log() => string.Join("\n\n", _nodes.Select(node => $"node {node.Id} at {node.Address}\n{node.Output}"));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await Redis.DisposeAsync();
    }
}
