using System.Globalization;
using System.Text;
using Chat.Faults.Scenarios;

namespace Chat.Faults.Reports;

/// <summary>Chat's own table, in Markdown.</summary>
internal static class FaultTable
{
    public static string Of(List<Outcome> outcomes)
    {
        var table = new StringBuilder("""
            | row | what happens | expected | lost | doubled | out of order | leaked | told of a hole | recovery | longest gap | |
            |---|---|---|---|---|---|---|---|---|---|---|

            """);
        foreach (var outcome in outcomes)
        {
            var scenario = AllScenarios.InOrder.Single(scenario => scenario.Name == outcome.Scenario);
            table.Append(CultureInfo.InvariantCulture, $"| `{scenario.Name}` | {scenario.Fault} | {scenario.Expected} | ");
            table.AppendLine(outcome.Skipped is { } reason ? $"| | | | | | | not run here: {reason} |" : Cells(scenario, outcome));
        }

        return table.ToString();
    }

    private static string Cells(Scenario scenario, Outcome outcome)
    {
        var verdict = outcome.Verdict;
        var gap = scenario.HasGap && verdict.Gap > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"{verdict.Gap.TotalSeconds:0.0} s") : "";
        string[] remarks =
        [
            .. outcome.Violations.Select(violation => $"**{violation.Split('\n')[0]}**"),
            .. outcome.Measures,
            string.Create(CultureInfo.InvariantCulture, $"{verdict.Sent:N0} sent, {verdict.Expected:N0} due"),
            .. verdict.Interrupted > 0 ? [string.Create(CultureInfo.InvariantCulture, $"{verdict.Interrupted:N0} clients reconnected")] : Array.Empty<string>(),
            .. verdict.Told > 0 ? [string.Create(CultureInfo.InvariantCulture, $"{verdict.Told:N0} missing and told")] : Array.Empty<string>(),
            .. outcome.Runs > 1 ? [string.Create(CultureInfo.InvariantCulture, $"{outcome.Runs} runs")] : Array.Empty<string>(),
        ];
        return string.Create(CultureInfo.InvariantCulture,
            $"{verdict.Lost} | {verdict.Duplicated} | {verdict.Reordered} | {verdict.Leaked} | {verdict.Holes:N0} | {verdict.Recovery.TotalSeconds:0.0} s | {gap} | {string.Join("; ", remarks)} |");
    }
}
