namespace Chat.Faults.Checking;

/// <summary>The fault, as far as the checker has to know it.</summary>
/// <param name="Began">When it began.</param>
/// <param name="Ended">When it was over and recovery could begin.</param>
/// <param name="Hit">The names of the clients that were connected to the broken part.</param>
internal sealed record Fault(TimeSpan Began, TimeSpan Ended, IReadOnlySet<string> Hit)
{
    /// <summary>No fault yet, from now on.</summary>
    public static Fault None() => new(Clock.Now, Clock.Now, new HashSet<string>());
}
