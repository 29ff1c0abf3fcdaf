using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chat.Api.Operations;

/// <summary>A node's report on itself when somebody looks.</summary>
/// <param name="Ms">The node's clock, which has no fixed zero: two reports and the time between them make rates.</param>
/// <param name="Failing">The health checks that fail, and why.</param>
/// <param name="RoundTripMs">The time of the last tick to Redis. Null if there has been none since somebody looks.</param>
/// <param name="CpuMs">The processor time that the process has used since its start.</param>
/// <param name="Memory">Bytes of its working set.</param>
/// <param name="Topics">How many topics it holds.</param>
/// <param name="Counts">What it has counted.</param>
/// <param name="Largest">Its topics with the most members on this node.</param>
/// <param name="Closes">The closes of the last minutes, by reason.</param>
/// <param name="Waiting">Its connections for which the most bytes wait.</param>
internal sealed record NodeReport(
    long Ms, IReadOnlyDictionary<string, string> Failing, double? RoundTripMs, long CpuMs, long Memory, int Topics, NodeCounts Counts,
    IReadOnlyList<TopicMembers> Largest, IReadOnlyList<Closes> Closes, IReadOnlyList<WaitingClient> Waiting);

/// <param name="Topic">Its name.</param>
/// <param name="Members">How many connections are in it.</param>
internal sealed record TopicMembers(string Topic, int Members);

/// <param name="Code">The code of the close frame.</param>
/// <param name="Reason">The reason, in a word or two; empty if the client closed.</param>
/// <param name="Count">How many.</param>
internal sealed record Closes(int Code, string Reason, int Count);

/// <param name="User">The connection's user.</param>
/// <param name="Node">The connection's node.</param>
/// <param name="Bytes">How many bytes wait for it.</param>
internal sealed record WaitingClient(string User, string Node, long Bytes);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(ClusterReport))]
[JsonSerializable(typeof(DrainAnswer))]
internal sealed partial class OperationsJson : JsonSerializerContext;
