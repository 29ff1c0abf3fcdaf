using System.Globalization;

namespace Chat.Bench.Measuring;

/// <summary>The resources that all processes have used at one time. Two readings make a measurement.</summary>
/// <param name="At">The time on the clock.</param>
/// <param name="Servers">The servers, in the order of their meters.</param>
/// <param name="Generator">This program.</param>
/// <param name="Machine">Everything on this machine, in seconds of CPU; 0 where that is not known.</param>
internal sealed record Reading(long At, Usage[] Servers, Usage Generator, double Machine)
{
    private const double TicksPerSecond = 100;

    private static readonly int[] BusyFields = [0, 1, 2, 5, 6]; // user, nice, system, and two kinds of interrupts; between them are idle and waiting

    public static Reading Take(IReadOnlyList<ProcessMeter> servers) =>
        new(Clock.Now, [.. servers.Select(server => server.Read())], OfGenerator(), OfMachine());

    public double SecondsTo(Reading later) => (later.At - At) / (double)Clock.Second;

    /// <summary>Cores used by neither the servers nor this program.</summary>
    public double OtherCoresTo(Reading later)
    {
        var known = later.Generator.Cpu - Generator.Cpu + later.Servers.Zip(Servers, (to, from) => to.Cpu - from.Cpu).Sum();
        return Math.Max(0, (later.Machine - Machine - known) / SecondsTo(later));
    }

    private static Usage OfGenerator() =>
        new(Environment.CpuUsage.TotalTime.TotalSeconds, Environment.CpuUsage.PrivilegedTime.TotalSeconds, Environment.WorkingSet);

    // The first line of /proc/stat, see proc(5).
    private static double OfMachine()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        using var file = new StreamReader("/proc/stat");
        var fields = file.ReadLine()!.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        return BusyFields.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
