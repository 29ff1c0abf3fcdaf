using StackExchange.Redis;

namespace ServiceDefaults.Nodes;

/// <summary>The names of the registry of nodes in Redis. They share one hash tag, so that a script touches one slot.</summary>
/// <param name="prefix"><c>Chat:Redis:Prefix</c>; nodes and edges of one cluster share it.</param>
public sealed class NodeKeys(string prefix)
{
    /// <summary>Sorted set: node id, scored by the end of its lease in ms of Redis's clock.</summary>
    public RedisKey Leases { get; } = prefix + "{nodes}:leases";

    /// <summary>Hash: node id to the node's description of itself, as JSON.</summary>
    public RedisKey Info { get; } = prefix + "{nodes}:info";

    /// <summary>The key that the edges' cookies are signed with.</summary>
    public RedisKey Affinity { get; } = prefix + "{nodes}:affinity";

    /// <summary>Announces a node that joined, changed its state, left or was swept, with its id as the payload; or an edge that stops
    /// (<see cref="EdgeStop"/>).</summary>
    public string Channel { get; } = prefix + "nodes";
}
