using System.Text.Json;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using StackExchange.Redis;

namespace Chat.Api.Nodes;

/// <summary>
/// The list of live nodes in Redis. A node is alive while its lease is, and every heartbeat of any node sweeps the
/// leases that ran out: a killed node is gone for everyone one lease after its last heartbeat.
/// </summary>
/// <remarks>Every call ends within <see cref="CallTimeout"/>, else throws <see cref="TimeoutException"/>; with Redis
/// away it throws <see cref="RedisException"/>.</remarks>
internal sealed class NodeRegistry(
    IConnectionMultiplexer redis, NodeKeys keys, IOptions<NodeOptions> options, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly string Beat = EmbeddedText.Read("node-beat.lua");
    private static readonly string Remove = EmbeddedText.Read("node-leave.lua");
    private static readonly string List = EmbeddedText.Read("node-list.lua");

    private readonly RedisKey[] _keys = [keys.Leases, keys.Info];

    /// <summary>Renews the lease of <paramref name="self"/>, announces it when asked or when it was not listed, and
    /// returns every live node, itself included.</summary>
    public async Task<NodeInfo[]> BeatAsync(NodeInfo self, bool announce) => Parse(await RunAsync(
        Beat,
        self.Id,
        (long)options.Value.Lease.TotalMilliseconds,
        JsonSerializer.Serialize(self, NodeJson.Default.NodeInfo),
        keys.Channel,
        announce ? "1" : "0"));

    /// <summary>Takes the node off the list and announces it.</summary>
    public Task LeaveAsync(string id) => RunAsync(Remove, id, keys.Channel);

    public async Task<NodeInfo[]> ListAsync() => Parse(await RunAsync(List));

    /// <summary>Calls <paramref name="announced"/> with the id of each node that joins, changes state or goes. The
    /// client library keeps the subscription over reconnects; announcements made meanwhile are lost.</summary>
    public Task ListenAsync(Action<string> announced) => redis.GetSubscriber()
        .SubscribeAsync(
            new RedisChannel(keys.Channel, RedisChannel.PatternMode.Literal),
            (_, id) => announced((string?)id ?? ""))
        .WaitAsync(CallTimeout, time);

    // EVAL with the text, not EVALSHA: at one call per heartbeat the bytes do not matter, and no restart of Redis
    // can make it fail for a missing script.
    private Task<RedisResult> RunAsync(string script, params RedisValue[] values) => redis.GetDatabase()
        .ScriptEvaluateAsync(script, _keys, values, CommandFlags.NoScriptCache)
        .WaitAsync(CallTimeout, time);

    private static NodeInfo[] Parse(RedisResult result)
    {
        var nodes = ((string?[]?)result ?? []).Select(ParseNode).OfType<NodeInfo>();
        return [.. nodes.OrderBy(node => node.StartedAt).ThenBy(node => node.Id, StringComparer.Ordinal)];
    }

    // An entry that this version cannot read is no node to it, and no reason to lose the others.
    private static NodeInfo? ParseNode(string? json)
    {
        try
        {
            return json is null ? null : JsonSerializer.Deserialize(json, NodeJson.Default.NodeInfo);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
