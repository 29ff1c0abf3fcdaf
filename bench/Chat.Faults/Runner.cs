using Chat.Faults.Scenarios;
using Chat.Faults.Systems;

namespace Chat.Faults;

/// <summary>Runs one scenario after the other, on one system after the other.</summary>
internal static class Runner
{
    public static async Task<List<Outcome>> RunAsync(FaultOptions options, List<SystemUnderTest> systems)
    {
        var outcomes = new List<Outcome>();
        foreach (var scenario in options.Scenarios.Where(scenario => systems.Count == 1 || scenario.Compares))
        {
            foreach (var system in systems)
            {
                outcomes.Add(await RunAsync(scenario, system, options));
            }
        }

        return outcomes;
    }

    /// <summary>The arguments as given, without the name of the document.</summary>
    public static string Words(string[] args) => args.Length == 0 ? "" : " -- " + string.Join(' ', args);

    private static async Task<Outcome> RunAsync(Scenario scenario, SystemUnderTest system, FaultOptions options)
    {
        if (scenario.WhyNot() is { } reason)
        {
            Console.Error.WriteLine($"{scenario.Name}: cannot run here. {reason}");
            return new Outcome(scenario.Name, system.Name) { Skipped = reason };
        }

        var outcome = await Stage.PlayAsync(scenario, system, scenario.Cluster with { Redis = options.Redis }, options.IsQuick);
        for (var i = 1; i < options.Repeat; i++)
        {
            outcome += await Stage.PlayAsync(scenario, system, scenario.Cluster with { Redis = options.Redis }, options.IsQuick);
        }

        return outcome;
    }
}
