using Chat.Bench.Measuring;
using Chat.Bench.Workloads;

namespace Chat.Bench.Reports;

/// <summary>Makes outcomes from readings and counts.</summary>
internal static class Measured
{
    private const double KiB = 1024;

    /// <summary>Adds the resources that all processes used between two readings.</summary>
    /// <param name="outcome">The outcome so far.</param>
    /// <param name="target">The servers' processes.</param>
    /// <param name="readings">The readings before and after.</param>
    /// <param name="units">The deliveries or connections that the CPU was used for; 0 if for none in particular.</param>
    /// <param name="grown">By how many bytes each process grew, and the connections that caused it.</param>
    public static Outcome With(
        Outcome outcome, IReadOnlyList<ProcessMeter> target, (Reading Before, Reading After) readings, double units, (long[] Bytes, int Connections)? grown = null)
    {
        var (before, after) = readings;
        var seconds = before.SecondsTo(after);
        ProcessUse Of(string name, Usage from, Usage to, double bytes)
        {
            var (cpu, system) = (to.Cpu - from.Cpu, to.System - from.System);
            return new ProcessUse(name, cpu / seconds, units > 0 ? cpu / units * 1e6 : 0, cpu > 0 ? system / cpu : 0, to.Memory / KiB / KiB, bytes);
        }

        return outcome with
        {
            Seconds = seconds,
            Processes = [.. target.Select((process, i) => Of(
                process.Name, before.Servers[i], after.Servers[i], grown is var (bytes, connections) ? bytes[i] / KiB / Math.Max(1, connections) : 0))],
            Generator = Of("generator", before.Generator, after.Generator, 0),
            OtherCores = before.OtherCoresTo(after),
        };
    }

    /// <summary>The faults, to be counted after all clients have left.</summary>
    public static Faults FaultsOf(Crowd crowd) => new()
    {
        Expected = crowd.Expected,
        Received = crowd.Received,
        Lost = crowd.CountLost(),
        Doubled = crowd.Counts.Sum(counts => counts.Doubled),
        OutOfOrder = crowd.Counts.Sum(counts => counts.OutOfOrder),
        Strange = crowd.Counts.Sum(counts => counts.Strange),
        Refused = crowd.Counts.Sum(counts => counts.Refused),
        Ended = crowd.Counts.Sum(counts => (long)counts.Ended),
    };

    public static Times TimesOf(IEnumerable<Histogram> histograms)
    {
        var all = new Histogram();
        foreach (var one in histograms)
        {
            all.Add(one);
        }

        return new Times(all.Percentile(0.5) / 1e3, all.Percentile(0.99) / 1e3, all.Percentile(0.999) / 1e3, all.Max / 1e3);
    }
}
