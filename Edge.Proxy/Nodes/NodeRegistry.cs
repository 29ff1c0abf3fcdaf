using ServiceDefaults.Nodes;
using StackExchange.Redis;

namespace Edge.Proxy.Nodes;

/// <summary>What the edge reads of the nodes' registry; beside it the edges keep the key of their cookies.</summary>
/// <remarks>Fails as <see cref="NodeList"/> does.</remarks>
internal sealed class NodeRegistry(NodeList nodes)
{
    private static readonly string AgreeOnKey = NodeList.Script(typeof(NodeRegistry).Assembly, "affinity-key.lua");

    private readonly RedisKey[] _affinityKey = [nodes.Key("affinity")];

    /// <summary>The nodes whose lease is valid by Redis's clock.</summary>
    public async Task<IReadOnlyList<Node>> ListAsync() =>
        [.. (await nodes.ReadAsync(NodeJson.Default.Node)).Where(static node => Uri.TryCreate(node.Address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")];

    /// <summary>The key that all edges use: that of the first to ask.</summary>
    public async Task<string> AgreeOnKeyAsync(string own) => (string?)await nodes.RunAsync(AgreeOnKey, _affinityKey, own) ?? own;

    /// <inheritdoc cref="NodeList.ListenAsync"/>
    public Task ListenAsync(Action<string> announced) => nodes.ListenAsync(announced);
}
