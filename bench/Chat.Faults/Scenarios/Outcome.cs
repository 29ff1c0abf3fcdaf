using Chat.Faults.Checking;

namespace Chat.Faults.Scenarios;

/// <summary>What came of a scenario.</summary>
internal sealed record Outcome(string Scenario, string System)
{
    /// <summary>Why it did not run; null: it did.</summary>
    public string? Skipped { get; init; }

    public Verdict Verdict { get; init; } = new();

    /// <summary>What else was measured, in words.</summary>
    public IReadOnlyList<string> Measures { get; init; } = [];

    /// <summary>What was not as promised.</summary>
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
