using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>What a scenario needs of its cluster.</summary>
internal sealed record ClusterOptions
{
    public int Nodes { get; init; } = 3;

    public RedisKind Redis { get; init; }

    /// <summary>Whether what Redis acknowledged survives its end.</summary>
    public bool Persists { get; init; }

    /// <summary>Instead of one Redis a Redis Cluster of three primaries, each with a replica, and sharded channels.</summary>
    public bool HasPrimaries { get; init; }

    /// <summary>A second Redis that follows the first; the nodes know both.</summary>
    public bool HasReplica { get; init; }

    /// <summary>Each node has a wire of its own to Redis, which can be cut.</summary>
    public bool HasWires { get; init; }

    /// <summary>Of all nodes, besides the defaults.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Of the second node alone: settings, or variables of its environment.</summary>
    public IReadOnlyDictionary<string, string> SecondNode { get; init; } = new Dictionary<string, string>();
}
