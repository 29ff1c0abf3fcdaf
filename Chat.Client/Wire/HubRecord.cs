using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chat.Client.Wire;

/// <summary>A record of any type in SignalR's JSON protocol (its HubProtocol.md), with the properties that a client of this hub needs.</summary>
internal sealed class HubRecord
{
    public const int Invocation = 1;
    public const int Completion = 3;
    public const int Ping = 6;
    public const int Close = 7;

    public int Type { get; set; }

    public string? Target { get; set; }

    public JsonElement[]? Arguments { get; set; }

    public string? InvocationId { get; set; }

    public JsonElement? Result { get; set; }

    public string? Error { get; set; }

    public bool AllowReconnect { get; set; }
}

/// <summary>The arguments of all calls and events. docs/HUB.md names the properties of each.</summary>
internal sealed record HubArgument
{
    public string? User { get; init; }

    public string? Group { get; init; }

    public string? To { get; init; }

    public string? Nick { get; init; }

    public string? Message { get; init; }

    public string? Id { get; init; }

    public string? Since { get; init; }

    public int? Limit { get; init; }

    public bool? Watch { get; init; }

    public string? Token { get; init; }

    public string? Epoch { get; init; }

    public long Offset { get; init; }

    public long At { get; init; }

    public bool Recovered { get; init; }

    public long? Until { get; init; }

    public string? Method { get; init; }

    public HubArgument? Payload { get; init; }

    public HubArgument? Deleted { get; init; }

    public HubArgument[]? Messages { get; init; }

    public HubArgument[]? Deletions { get; init; }

    public long Version { get; init; }

    public long Count { get; init; }

    public HubMember[]? Members { get; init; }

    public string[]? Joined { get; init; }

    public string[]? Left { get; init; }

    public long GroupsSince { get; init; }

    public int Nodes { get; init; }

    public int Of { get; init; }

    [JsonIgnore]
    public ChatPosition? Position => Epoch is null ? null : new ChatPosition(Epoch, Offset);
}

internal sealed record HubMember(string Nick, long Connections);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(HubRecord))]
[JsonSerializable(typeof(HubArgument))]
internal sealed partial class HubJson : JsonSerializerContext;
