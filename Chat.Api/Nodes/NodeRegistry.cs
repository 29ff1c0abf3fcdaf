using System.Text.Json;
using Microsoft.Extensions.Options;
using ServiceDefaults;
using ServiceDefaults.Nodes;
using StackExchange.Redis;

namespace Chat.Api.Nodes;

/// <summary>
/// The list of live nodes in Redis. A node is alive while its lease is valid. Every heartbeat of any node sweeps the expired leases, so a killed node
/// is gone for everyone one lease after its last heartbeat.
/// </summary>
/// <remarks>Calls end and fail as those of <see cref="NodeList"/> do.</remarks>
internal sealed class NodeRegistry(NodeList list, NodeKeys keys, IOptions<NodeOptions> options)
{
    private static readonly string Beat = EmbeddedText.Read("node-beat.lua");
    private static readonly string Remove = EmbeddedText.Read("node-leave.lua");

    private readonly RedisKey[] _keys = [keys.Leases, keys.Info];

    /// <summary>Renews the lease of <paramref name="self"/>, announces it when asked or when it was not listed, and
    /// returns every live node, itself included.</summary>
    public async Task<NodeInfo[]> BeatAsync(NodeInfo self, bool announce) => Sorted(NodeList.Parse(
        await list.RunAsync(
            Beat,
            _keys,
            self.Id,
            (long)options.Value.Lease.TotalMilliseconds,
            JsonSerializer.Serialize(self, NodeJson.Default.NodeInfo),
            keys.Channel,
            announce ? "1" : "0",
            (long)(2 * options.Value.Heartbeat).TotalMilliseconds),
        NodeJson.Default.NodeInfo));

    /// <summary>Takes the node off the list and announces it.</summary>
    public Task LeaveAsync(string id) => list.RunAsync(Remove, _keys, id, keys.Channel);

    /// <summary>Tells all nodes that an edge is stopping. Nodes that are cut off from Redis do not hear it. Does not wait.</summary>
    /// <exception cref="RedisException">Redis is away.</exception>
    public void AnnounceStop(string edge) => list.Announce(EdgeStop.Announcement(edge));

    public async Task<NodeInfo[]> ListAsync() => Sorted(await list.ReadAsync(NodeJson.Default.NodeInfo));

    /// <inheritdoc cref="NodeList.ListenAsync"/>
    public Task ListenAsync(Action<string> announced) => list.ListenAsync(announced);

    private static NodeInfo[] Sorted(IEnumerable<NodeInfo> nodes) => [.. nodes.OrderBy(node => node.StartedAt).ThenBy(node => node.Id, StringComparer.Ordinal)];
}
