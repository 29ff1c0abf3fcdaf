using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chat.Api.ServerApi;

/// <summary>The JSON that the API reads and writes.</summary>
/// <remarks>It checks every body: a property that is unknown, missing, null or given twice is an error, so that a typing mistake in a backend shows
/// at once.</remarks>
[JsonSerializable(typeof(PublishRequest))]
[JsonSerializable(typeof(PublishManyRequest))]
[JsonSerializable(typeof(PublishAnswer))]
[JsonSerializable(typeof(PublishManyAnswer))]
[JsonSerializable(typeof(DeleteRequest))]
[JsonSerializable(typeof(DeleteAnswer))]
[JsonSerializable(typeof(HistoryAnswer))]
[JsonSerializable(typeof(PresenceAnswer))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(GroupsAnswer))]
[JsonSerializable(typeof(MembershipRequest))]
[JsonSerializable(typeof(ConfirmedAnswer))]
[JsonSerializable(typeof(DisconnectRequest))]
[JsonSerializable(typeof(DisconnectAnswer))]
[JsonSerializable(typeof(SanctionRequest))]
[JsonSerializable(typeof(RecheckRequest))]
[JsonSerializable(typeof(RecheckAnswer))]
[JsonSerializable(typeof(SanctionEntry))]
[JsonSerializable(typeof(LiftRequest))]
[JsonSerializable(typeof(LiftAnswer))]
[JsonSerializable(typeof(SanctionsAnswer))]
[JsonSerializable(typeof(NodesAnswer))]
[JsonSerializable(typeof(ClusterAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private const int MostDepth = 8;

    /// <summary>The context with the settings that hold for every call.</summary>
    public static ApiJson Strict { get; } = new(Configured(new JsonSerializerOptions(JsonSerializerDefaults.Web)));

    public static void Configure(JsonSerializerOptions options)
    {
        options.TypeInfoResolverChain.Insert(0, Default);
        Configured(options);
    }

    private static JsonSerializerOptions Configured(JsonSerializerOptions options)
    {
        options.MaxDepth = MostDepth;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        return options;
    }
}
