using System.Text.Json;
using Chat.Faults.Scenarios;

namespace Chat.Faults.Reports;

/// <summary>The outcomes for programs.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Of(string machine, List<Outcome> outcomes) => JsonSerializer.Serialize(new { machine, outcomes }, Options);
}
