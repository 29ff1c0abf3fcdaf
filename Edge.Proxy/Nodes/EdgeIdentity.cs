using ServiceDefaults.Nodes;

namespace Edge.Proxy.Nodes;

/// <summary>The id of this process towards the nodes. It is new with every start, and a secret between edge and nodes (<see cref="EdgeStop"/>).</summary>
internal sealed class EdgeIdentity
{
    public string Id { get; } = EdgeStop.NewId();
}
