using ServiceDefaults.Nodes;

namespace Edge.Proxy.Nodes;

/// <summary>Who this process is to the nodes. New with every start, and a secret between the two (<see cref="EdgeStop"/>).</summary>
internal sealed class EdgeIdentity
{
    public string Id { get; } = EdgeStop.NewId();
}
