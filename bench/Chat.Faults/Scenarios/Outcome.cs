using Chat.Faults.Checking;

namespace Chat.Faults.Scenarios;

/// <summary>The outcome of a scenario.</summary>
internal sealed record Outcome(string Scenario, string System)
{
    /// <summary>Why it did not run, or null if it did.</summary>
    public string? Skipped { get; init; }

    public Verdict Verdict { get; init; } = new();

    /// <summary>Further measurements, in words.</summary>
    public IReadOnlyList<string> Measures { get; init; } = [];

    /// <summary>The promises that did not hold.</summary>
    public IReadOnlyList<string> Violations { get; init; } = [];

    public TimeSpan Took { get; init; }

    public int Runs { get; init; } = 1;

    /// <summary>The worst of several runs.</summary>
    public static Outcome operator +(Outcome one, Outcome other) => one with
    {
        Verdict = one.Verdict + other.Verdict,
        Measures = [.. one.Measures, .. other.Measures],
        Violations = [.. one.Violations, .. other.Violations],
        Took = one.Took + other.Took,
        Runs = one.Runs + other.Runs,
    };
}
