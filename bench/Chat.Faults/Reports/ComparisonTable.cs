using System.Globalization;
using System.Text;
using Chat.Faults.Scenarios;
using Chat.Faults.Systems;

namespace Chat.Faults.Reports;

/// <summary>Several systems under the same load and the same faults, in Markdown.</summary>
internal static class ComparisonTable
{
    public static string Of(List<SystemUnderTest> systems, List<Outcome> outcomes)
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"| what happens | {string.Join(" | ", systems.Select(system => system.Title))} |");
        table.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(systems.Select(_ => "---|"))}");
        foreach (var row in outcomes.GroupBy(outcome => outcome.Scenario))
        {
            var scenario = AllScenarios.InOrder.Single(scenario => scenario.Name == row.Key);
            table.AppendLine(CultureInfo.InvariantCulture, $"| {scenario.Fault} | {string.Join(" | ", row.Select(Cell))} |");
        }

        return table.ToString();
    }

    private static string Cell(Outcome outcome)
    {
        if (outcome.Skipped is { } reason)
        {
            return $"not run here: {reason}";
        }

        var verdict = outcome.Verdict;
        var missed = verdict.Lost + verdict.Told;
        string[] words =
        [
            missed == 0 ? "nothing lost" : string.Create(CultureInfo.InvariantCulture, $"**{missed:N0} of {verdict.Expected:N0} not received**, {(verdict.Lost == 0 ? "and told" : "in silence")}"),
            .. verdict.Reordered > 0 ? [string.Create(CultureInfo.InvariantCulture, $"{verdict.Reordered:N0} out of order")] : Array.Empty<string>(),
            .. verdict.Duplicated > 0 ? [string.Create(CultureInfo.InvariantCulture, $"{verdict.Duplicated:N0} doubled")] : Array.Empty<string>(),
            .. verdict.Sent > verdict.Acknowledged ? [string.Create(CultureInfo.InvariantCulture, $"{verdict.Sent - verdict.Acknowledged:N0} of {verdict.Sent:N0} could not be sent")] : Array.Empty<string>(),
            .. outcome.Violations.Where(violation => violation.StartsWith("It did not", StringComparison.Ordinal)).Select(violation => violation.Split('\n')[0]),
        ];
        return string.Join("; ", words);
    }
}
