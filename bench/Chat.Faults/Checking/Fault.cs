namespace Chat.Faults.Checking;

/// <summary>What broke, as far as the checker has to know.</summary>
/// <param name="Began">When.</param>
/// <param name="Ended">When it was over, and everybody could begin to recover.</param>
/// <param name="Hit">Names of the clients that were on what broke.</param>
internal sealed record Fault(TimeSpan Began, TimeSpan Ended, IReadOnlySet<string> Hit)
{
    /// <summary>Nothing yet, from now on.</summary>
    public static Fault None() => new(Clock.Now, Clock.Now, new HashSet<string>());
}
