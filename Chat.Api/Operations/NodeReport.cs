using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chat.Api.Operations;

/// <summary>What a node tells of itself when somebody looks.</summary>
/// <param name="Ms">By the node's clock, which has no zero: two reports and the time between them make rates.</param>
/// <param name="Failing">Of its health checks, those that fail, and why.</param>
/// <param name="RoundTripMs">Of the last tick to Redis. Null: there has been none since somebody looks.</param>
/// <param name="CpuMs">What the process has used since its start.</param>
/// <param name="Memory">Bytes of its working set.</param>
/// <param name="Topics">How many it holds.</param>
/// <param name="Counts">What it has counted.</param>
/// <param name="Largest">Of its topics, those with the most members here.</param>
/// <param name="Closes">Of the last minutes, by reason.</param>
/// <param name="Waiting">Of its connections, those for which the most waits.</param>
internal sealed record NodeReport(
    long Ms, IReadOnlyDictionary<string, string> Failing, double? RoundTripMs, long CpuMs, long Memory, int Topics, NodeCounts Counts,
    IReadOnlyList<TopicMembers> Largest, IReadOnlyList<Closes> Closes, IReadOnlyList<WaitingClient> Waiting);

/// <param name="Topic">Its name.</param>
/// <param name="Members">Connections that are in it.</param>
internal sealed record TopicMembers(string Topic, int Members);

/// <param name="Code">Of the close frame.</param>
/// <param name="Reason">In a word or two; empty where the client closed.</param>
/// <param name="Count">How many.</param>
internal sealed record Closes(int Code, string Reason, int Count);

/// <param name="User">Whose connection.</param>
/// <param name="Node">On which node.</param>
/// <param name="Bytes">That wait for it.</param>
internal sealed record WaitingClient(string User, string Node, long Bytes);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(ClusterReport))]
[JsonSerializable(typeof(DrainAnswer))]
internal sealed partial class OperationsJson : JsonSerializerContext;
