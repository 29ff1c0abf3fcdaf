using System.Text.Json.Serialization;

namespace Edge.Proxy.Nodes;

/// <summary>The part of a node's registry entry that the edge needs.</summary>
internal sealed record Node(string Id, string Address, string State)
{
    /// <summary>Whether it takes new connections. A draining node only serves the ones it has.</summary>
    [JsonIgnore]
    public bool IsReady => State == "ready";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Node))]
internal sealed partial class NodeJson : JsonSerializerContext;
