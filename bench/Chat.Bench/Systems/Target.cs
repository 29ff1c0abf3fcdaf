using System.Net;
using Chat.Bench.Measuring;
using Chat.Tests.Support;

namespace Chat.Bench.Systems;

/// <summary>The system to measure: the addresses for clients, and its processes as far as they are known.</summary>
internal sealed class Target(IReadOnlyList<TargetDoor> doors, IReadOnlyList<ProcessMeter> processes, Tokens tokens, string words) : IAsyncDisposable
{
    private OwnCluster? _owned;

    /// <summary>The addresses, which clients take in turn.</summary>
    public IReadOnlyList<TargetDoor> Doors => doors;

    public IReadOnlyList<ProcessMeter> Processes => processes;

    public IReadOnlyList<Uri> Urls { get; private init; } = [];

    public Tokens Tokens => tokens;

    /// <summary>Null if the output of Redis is not known.</summary>
    public RedisMeter? Redis => _owned?.Redis;

    /// <summary>The description in the report: <c>3 nodes behind an edge</c>.</summary>
    public string Words => words;

    /// <summary>Starts a cluster, or uses the one that was named.</summary>
    public static async Task<Target> StartAsync(BenchOptions options)
    {
        if (options.Urls.Count > 0)
        {
            var processes = options.Processes.Select(process => new ProcessMeter(process.Name, process.Pid));
            return new Target(await DoorsAsync(options.Urls), [.. processes], new Tokens(options.Key, options.Urls), string.Join(", ", options.Urls)) { Urls = options.Urls };
        }

        var cluster = await OwnCluster.StartAsync(options);
        var words = $"{options.Nodes} node{(options.Nodes > 1 ? "s" : "")}{(options.HasEdge ? " behind an edge" : "")} on {(options.Redis == RedisKind.Redis ? "redis-server" : "Garnet")}";
        return new Target(await DoorsAsync(cluster.Doors), cluster.Processes, new Tokens(OwnCluster.Key, cluster.Doors), words) { _owned = cluster, Urls = cluster.Doors };
    }

    public ValueTask DisposeAsync() => _owned?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<TargetDoor[]> DoorsAsync(IReadOnlyList<Uri> urls) => await Task.WhenAll(urls.Select(async url =>
        new TargetDoor(new IPEndPoint((await Dns.GetHostAddressesAsync(url.DnsSafeHost))[0], url.Port), url.Authority)));
}

/// <param name="Address">The address on which it listens.</param>
/// <param name="Host">The Host of requests.</param>
internal sealed record TargetDoor(IPEndPoint Address, string Host);
