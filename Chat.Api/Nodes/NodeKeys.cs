using StackExchange.Redis;

namespace Chat.Api.Nodes;

/// <summary>The registry's names in Redis; the edge uses the same. One hash tag, so that a script touches one slot.</summary>
/// <param name="prefix"><c>Chat:Redis:Prefix</c>; nodes and edges of one cluster share it.</param>
internal sealed class NodeKeys(string prefix)
{
    /// <summary>Sorted set: node id, scored by the end of its lease in ms of Redis's clock.</summary>
    public RedisKey Leases { get; } = prefix + "{nodes}:leases";

    /// <summary>Hash: node id to its <see cref="NodeInfo"/> as JSON.</summary>
    public RedisKey Info { get; } = prefix + "{nodes}:info";

    /// <summary>Announces a node that joined, changed its state, left or was swept; the payload is its id.</summary>
    public string Channel { get; } = prefix + "nodes";
}
