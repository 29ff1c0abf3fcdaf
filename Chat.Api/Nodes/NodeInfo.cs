using System.Text.Json.Serialization;

namespace Chat.Api.Nodes;

/// <summary>
/// A node's description of itself, in the registry and in <c>GET /api/nodes</c>. The edge reaches the node at the address. The number of connections
/// is as old as the last heartbeat. The process id is present in Development only. The version tells which build the node runs; nodes older than this
/// field lack it.
/// </summary>
internal sealed record NodeInfo(
    string Id, string Address, NodeState State, int Connections, DateTimeOffset StartedAt, int? Pid, string? Version = null);

internal enum NodeState
{
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>Alive and still serving its connections, but it takes no new ones.</summary>
    [JsonStringEnumMemberName("draining")]
    Draining,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeInfo[]))]
internal sealed partial class NodeJson : JsonSerializerContext;
