using System.Text.Json;
using Microsoft.Extensions.Options;
using ServiceDefaults.Nodes;

namespace Chat.Api.Nodes;

/// <summary>
/// The list of live nodes in Redis, and this node's place in it. A node is alive while its lease is, and every heartbeat of
/// any node sweeps the leases that ran out: a killed node is gone for everyone one lease after its last heartbeat.
/// </summary>
/// <remarks>Fails as <see cref="NodeList"/> does.</remarks>
internal sealed class NodeRegistry(NodeList nodes, IOptions<NodeOptions> options)
{
    private static readonly string Beat = NodeList.Script(typeof(NodeRegistry).Assembly, "node-beat.lua");
    private static readonly string Remove = NodeList.Script(typeof(NodeRegistry).Assembly, "node-leave.lua");

    /// <summary>Renews the lease of <paramref name="self"/>, announces it when asked or when it was not listed, and
    /// returns every live node, itself included.</summary>
    public async Task<NodeInfo[]> BeatAsync(NodeInfo self, bool announce)
    {
        var entries = await nodes.RunAsync(
            Beat,
            nodes.Keys,
            self.Id,
            (long)options.Value.Lease.TotalMilliseconds,
            JsonSerializer.Serialize(self, NodeJson.Default.NodeInfo),
            nodes.Channel,
            announce ? "1" : "0");
        return NodeList.Parse(entries, NodeJson.Default.NodeInfo);
    }

    /// <summary>Takes the node off the list and announces it.</summary>
    public Task LeaveAsync(string id) => nodes.RunAsync(Remove, nodes.Keys, id, nodes.Channel);

    public Task<NodeInfo[]> ListAsync() => nodes.ReadAsync(NodeJson.Default.NodeInfo);

    /// <inheritdoc cref="NodeList.ListenAsync"/>
    public Task ListenAsync(Action<string> announced) => nodes.ListenAsync(announced);
}
