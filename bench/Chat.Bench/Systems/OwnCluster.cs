using Chat.Bench.Measuring;
using Chat.Tests.Edge;
using Chat.Tests.Support;

namespace Chat.Bench.Systems;

/// <summary>A Redis, nodes and optionally an edge as processes on this machine. Their settings are the defaults, except for the limits that a load is
/// meant to exceed.</summary>
internal sealed class OwnCluster : IAsyncDisposable
{
    public const string Key = "for measuring only, 32 bytes or more";

    private static readonly (string Key, string Value)[] Always =
    [
        ("ASPNETCORE_ENVIRONMENT", "Production"), ("Logging:LogLevel:Default", "Warning"),
        ("Auth:SecurityKey", Key), ("Auth:RequireToken", "false"), .. Unlimited.Sending,
    ];

    // Undoes what the tests set lower than the defaults, and lifts the limits on arrivals.
    private static readonly (string, string)[] OfEdge =
    [
        ("ASPNETCORE_ENVIRONMENT", "Production"), ("Logging:LogLevel:Default", "Warning"),
        ("Edge:HealthInterval", "00:00:02"), ("Edge:UpgradeTimeout", "00:00:10"), ("Edge:ConnectionsPerSecond", "0"), ("Edge:UpgradesAtOnce", "0"),
    ];

    private readonly RedisServer _redis;
    private readonly List<NodeProcess> _nodes = [];
    private EdgeProcess? _edge;

    private OwnCluster(RedisServer redis) => _redis = redis;

    public IReadOnlyList<Uri> Doors => _edge is { } edge ? [edge.Address] : [.. _nodes.Select(node => node.Address)];

    public IReadOnlyList<ProcessMeter> Processes =>
    [
        new("redis", _redis.Pid),
        .. _nodes.Select((node, i) => new ProcessMeter($"node {i + 1}", node.Pid)),
        .. _edge is { } edge ? [new ProcessMeter("edge", edge.Pid)] : Array.Empty<ProcessMeter>(),
    ];

    /// <summary>Null if the server reports nothing.</summary>
    public RedisMeter? Redis { get; private init; }

    public static async Task<OwnCluster> StartAsync(BenchOptions options)
    {
        var redis = await RedisServer.StartAsync(options.Redis);
        var cluster = new OwnCluster(redis) { Redis = options.Redis == RedisKind.Redis ? new RedisMeter(redis) : null };
        try
        {
            var ofEdge = options.Settings.Where(one => one.Key.StartsWith("Edge:", StringComparison.Ordinal)).ToArray();
            var settings = Always.Concat(options.Settings.Except(ofEdge)).GroupBy(one => one.Key).ToDictionary(one => one.Key, one => one.Last().Value);
            cluster._nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, options.Nodes).Select(_ => NodeProcess.StartAsync(cluster._redis.ConnectionString, settings))));
            cluster._edge = options.HasEdge ? await EdgeProcess.StartAsync(cluster._redis.ConnectionString, [.. OfEdge, .. ofEdge]) : null;
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_edge?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await _redis.DisposeAsync();
    }
}
