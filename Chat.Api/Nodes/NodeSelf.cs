using System.Reflection;

namespace Chat.Api.Nodes;

/// <summary>What this node currently tells the others about itself.</summary>
internal sealed class NodeSelf(
    NodeIdentity identity, NodeDrain drain, IHostEnvironment environment, IConnectionCount? connections = null)
{
    public string Id => identity.Id;

    /// <summary>Known once the server listens.</summary>
    public string Address { get; set; } = "";

    public NodeInfo Describe() => new(
        identity.Id,
        Address,
        drain.IsDraining ? NodeState.Draining : NodeState.Ready,
        connections?.Connections ?? 0,
        identity.StartedAt,
        // A process id is for a developer's kill; elsewhere it only tells strangers about the machine.
        environment.IsDevelopment() ? Environment.ProcessId : null,
        Version);

    private static readonly string? Version = typeof(NodeSelf).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
}
