using Chat.Tests.Support;

namespace Chat.Faults.Systems;

/// <summary>The cluster that a scenario needs.</summary>
internal sealed record ClusterOptions
{
    public int Nodes { get; init; } = 3;

    public RedisKind Redis { get; init; }

    /// <summary>Whether acknowledged writes survive the end of Redis.</summary>
    public bool Persists { get; init; }

    /// <summary>Whether there is, instead of one Redis, a Redis Cluster of three primaries, each with a replica, and with sharded channels.</summary>
    public bool HasPrimaries { get; init; }

    /// <summary>Whether there is a second Redis that follows the first. The nodes know both.</summary>
    public bool HasReplica { get; init; }

    /// <summary>Whether each node has its own proxy to Redis, which can be cut.</summary>
    public bool HasWires { get; init; }

    /// <summary>Settings of all nodes besides the defaults.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings, or environment variables, of the second node alone.</summary>
    public IReadOnlyDictionary<string, string> SecondNode { get; init; } = new Dictionary<string, string>();
}
