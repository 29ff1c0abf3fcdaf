using System.Text.Json.Serialization;

namespace Chat.Api.Nodes;

/// <summary>
/// What a node says of itself, in the registry and in <c>GET /api/nodes</c>. The address is where the edge reaches it;
/// the connections are as old as its last heartbeat; the process id is there in Development only; the version, which build it runs, is
/// missing from nodes that are older than it.
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
