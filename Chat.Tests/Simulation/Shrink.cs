namespace Chat.Tests.Simulation;

/// <summary>Finds fewer steps that break a promise, too: whoever has to understand it is grateful for each that is gone.</summary>
/// <remarks>As in delta debugging (Zeller and Hildebrandt, 2002): parts are left out, large ones first, for as long as something stays broken.
/// Each step has dice of its own, so that leaving out one changes little of what arrives after the others.</remarks>
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
