using ServiceDefaults;
using ServiceDefaults.Nodes;

namespace Edge.Proxy.Nodes;

/// <summary>The list of live nodes that the nodes keep in Redis. Beside it the edges keep the key of their cookies.</summary>
/// <remarks>Calls end and fail as those of <see cref="NodeList"/> do.</remarks>
internal sealed class NodeRegistry(NodeList list, NodeKeys keys)
{
    private static readonly string AgreeOnKey = EmbeddedText.Read("affinity-key.lua");

    /// <summary>Returns the nodes whose lease is valid and whose address can be asked.</summary>
    public async Task<IReadOnlyList<Node>> ListAsync() =>
        [.. (await list.ReadAsync(NodeJson.Default.Node)).Where(node => Uri.TryCreate(node.Address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")];

    /// <summary>Returns the key that all edges use: that of the first edge to ask.</summary>
    public async Task<string> AgreeOnKeyAsync(string own) => (string?)await list.RunAsync(AgreeOnKey, [keys.Affinity], own) ?? own;

    /// <inheritdoc cref="NodeList.ListenAsync"/>
    public Task ListenAsync(Action<string> announced) => list.ListenAsync(announced);
}
