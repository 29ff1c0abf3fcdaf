using System.Text.Json.Serialization;

namespace ServiceDefaults.Health;

/// <summary>The body of a health answer: <c>{"status":"Unhealthy","failing":{"redis":"no answer within 2 s"}}</c>.</summary>
internal sealed record HealthBody(string Status, IReadOnlyDictionary<string, string>? Failing);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
