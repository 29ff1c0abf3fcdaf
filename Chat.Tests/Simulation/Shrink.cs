namespace Chat.Tests.Simulation;

/// <summary>Finds a smaller set of steps that also breaks a promise, since each step less makes the failure easier to understand.</summary>
/// <remarks>As in delta debugging (Zeller and Hildebrandt, 2002): parts are left out, large ones first, as long as some promise stays broken. Each
/// step has its own dice, so leaving one out changes little of what arrives after the others.</remarks>
internal static class Shrink
{
    public static Outcome From(Outcome failed, Fault fault)
    {
        var smallest = failed;
        for (var size = Math.Max(1, failed.Steps.Count / 2); size > 0; size = size == 1 ? 0 : size / 2)
        {
            for (var at = 0; at < smallest.Steps.Count;)
            {
                Step[] fewer = [.. smallest.Steps.Take(at), .. smallest.Steps.Skip(at + size)];
                if (History.Run(failed.Seed, fault, fewer) is { Violation: not null } still)
                {
                    smallest = still;
                }
                else
                {
                    at += size;
                }
            }
        }

        return smallest;
    }
}
