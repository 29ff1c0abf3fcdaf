using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Chat.Tests.Simulation;

/// <summary>Histories of many seeds, one after the other.</summary>
internal static class Series
{
    /// <summary>Finds the first history that breaks a promise. Null if none does.</summary>
    /// <param name="from">The first seed.</param>
    /// <param name="count">The number of seeds.</param>
    /// <param name="fault">The fault put in on purpose.</param>
    /// <param name="goesOn">Called after each history with the number done; false ends the search.</param>
    public static Outcome? FirstBroken(ulong from, ulong count, Fault fault = Fault.None, Func<ulong, bool>? goesOn = null)
    {
        for (ulong done = 0; done < count; done++)
        {
            if (History.Run(from + done, fault) is { Violation: not null } broken)
            {
                return broken;
            }

            if (goesOn?.Invoke(done + 1) == false)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>A report on the broken promise, with as few steps as possible and all events of these.</summary>
    public static string Report(Outcome broken, Fault fault = Fault.None)
    {
        var shrunk = Shrink.From(broken, fault);
        var again = History.Run(shrunk.Seed, fault, shrunk.Steps, isTraced: true);
        return new StringBuilder()
            .AppendLine(CultureInfo.InvariantCulture, $"Seed {broken.Seed}: {broken.Violation}")
            .AppendLine(CultureInfo.InvariantCulture, $"In {shrunk.Steps.Count} of its {broken.Steps.Count} steps: {shrunk.Violation}")
            .AppendLine()
            .Append(again.Trace)
            .ToString();
    }

    /// <summary>The command line: <c>--seeds 1000000 --from 1 --fault None</c>, or <c>--replay 42</c> to see all events of one history.</summary>
    /// <returns>The number of histories that broke a promise.</returns>
    public static int Run(string[] args, TextWriter output)
    {
        var fault = Enum.Parse<Fault>(Option("--fault") ?? nameof(Fault.None));
        if (Option("--replay") is { } replayed)
        {
            var outcome = History.Run(Number(replayed), fault, isTraced: true);
            output.Write(outcome.Trace);
            output.WriteLine(outcome.Violation is null ? "Every promise holds." : Report(outcome, fault));
            return outcome.Violation is null ? 0 : 1;
        }

        var (from, seeds) = (Number(Option("--from") ?? "1"), Number(Option("--seeds") ?? "10000"));
        var (clock, told, broken, done) = (Stopwatch.StartNew(), TimeSpan.Zero, 0, 0ul);
        while (done < seeds && broken < 10)
        {
            var before = done;
            var found = FirstBroken(from + before, seeds - before, fault, more =>
            {
                done = before + more;
                if (clock.Elapsed - told > TimeSpan.FromSeconds(10))
                {
                    told = clock.Elapsed;
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {seeds}, {done / told.TotalSeconds:0} a second, {broken} broken"));
                }

                return true;
            });
            if (found is null)
            {
                break;
            }

            broken++;
            done = found.Seed - from + 1;
            output.WriteLine(Report(found, fault));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} histories in {clock.Elapsed.TotalSeconds:0} s, {broken} broken"));
        return broken;

        string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

        static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);
    }
}
