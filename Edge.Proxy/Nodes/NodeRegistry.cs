using System.Text.Json;
using ServiceDefaults;
using StackExchange.Redis;

namespace Edge.Proxy.Nodes;

/// <summary>Reads the list of live nodes that the nodes keep in Redis; names and script are theirs. Beside it the edges keep
/// the key of their cookies.</summary>
/// <remarks>Every call ends within <see cref="CallTimeout"/>, else throws <see cref="TimeoutException"/>; with Redis
/// away it throws <see cref="RedisException"/>.</remarks>
internal sealed class NodeRegistry(IConnectionMultiplexer redis, IConfiguration configuration, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly string List = EmbeddedText.Read("node-list.lua");
    private static readonly string AgreeOnKey = EmbeddedText.Read("affinity-key.lua");

    private readonly string _channel = Name(configuration, "nodes");
    private readonly RedisKey[] _keys = [Name(configuration, "{nodes}:leases"), Name(configuration, "{nodes}:info")];
    private readonly RedisKey[] _affinityKey = [Name(configuration, "{nodes}:affinity")];

    /// <summary>The nodes whose lease is valid by Redis's clock.</summary>
    public async Task<IReadOnlyList<Node>> ListAsync()
    {
        var result = await RunAsync(List, _keys);
        return [.. ((string?[]?)result ?? []).Select(Parse).OfType<Node>()];
    }

    /// <summary>The key that all edges use: that of the first to ask.</summary>
    public async Task<string> AgreeOnKeyAsync(string own) => (string?)await RunAsync(AgreeOnKey, _affinityKey, own) ?? own;

    /// <summary>Calls <paramref name="announced"/> with the id of each node that joins, changes state or goes. The
    /// client library keeps the subscription over reconnects; announcements made meanwhile are lost.</summary>
    public Task ListenAsync(Action<string> announced) => redis.GetSubscriber()
        .SubscribeAsync(
            new RedisChannel(_channel, RedisChannel.PatternMode.Literal),
            (_, id) => announced((string?)id ?? ""))
        .WaitAsync(CallTimeout, time);

    // EVAL with the text, not EVALSHA: a Redis that restarted has no scripts, and a call or two a second is nothing.
    private Task<RedisResult> RunAsync(string script, RedisKey[] keys, params RedisValue[] values) => redis.GetDatabase()
        .ScriptEvaluateAsync(script, keys, values, CommandFlags.NoScriptCache)
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
}
