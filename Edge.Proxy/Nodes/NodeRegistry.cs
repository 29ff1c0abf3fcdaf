using System.Text.Json;
using ServiceDefaults;
using StackExchange.Redis;

namespace Edge.Proxy.Nodes;

/// <summary>Reads the list of live nodes that the nodes keep in Redis; names and script are theirs.</summary>
/// <remarks>Every call ends within <see cref="CallTimeout"/>, else throws <see cref="TimeoutException"/>; with Redis
/// away it throws <see cref="RedisException"/>.</remarks>
internal sealed class NodeRegistry(IConnectionMultiplexer redis, IConfiguration configuration, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly string List = Script("node-list.lua");

    private readonly string _channel = Name(configuration, "nodes");
    private readonly RedisKey[] _keys = [Name(configuration, "{nodes}:leases"), Name(configuration, "{nodes}:info")];

    /// <summary>The nodes whose lease is valid by Redis's clock.</summary>
    public async Task<IReadOnlyList<Node>> ListAsync()
    {
        // EVAL with the text, not EVALSHA: a Redis that restarted has no scripts, and one call a second is nothing.
        var result = await redis.GetDatabase()
            .ScriptEvaluateAsync(List, _keys, values: null, CommandFlags.NoScriptCache)
            .WaitAsync(CallTimeout, time);
        return [.. ((string?[]?)result ?? []).Select(Parse).OfType<Node>()];
    }

    /// <summary>Calls <paramref name="announced"/> with the id of each node that joins, changes state or goes. The
    /// client library keeps the subscription over reconnects; announcements made meanwhile are lost.</summary>
    public Task ListenAsync(Action<string> announced) => redis.GetSubscriber()
        .SubscribeAsync(
            new RedisChannel(_channel, RedisChannel.PatternMode.Literal),
            (_, id) => announced((string?)id ?? ""))
        .WaitAsync(CallTimeout, time);

    // An entry that this version cannot read is no node to it, and no reason to lose the others.
    private static Node? Parse(string? json)
    {
        try
        {
            var node = json is null ? null : JsonSerializer.Deserialize(json, NodeJson.Default.Node);
            return Uri.TryCreate(node?.Address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? node : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Name(IConfiguration configuration, string name) => RedisPrefix.Read(configuration) + name;

    private static string Script(string name)
    {
        using var stream = typeof(NodeRegistry).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
