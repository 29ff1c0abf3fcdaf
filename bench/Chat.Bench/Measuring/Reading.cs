using System.Globalization;

namespace Chat.Bench.Measuring;

/// <summary>What everybody has used at one time: two of them are a measurement.</summary>
/// <param name="At">As the clock tells.</param>
/// <param name="Servers">In the order of their meters.</param>
/// <param name="Generator">This program.</param>
/// <param name="Machine">Everything on this machine, in seconds of CPU; 0 where that is not known.</param>
internal sealed record Reading(long At, Usage[] Servers, Usage Generator, double Machine)
{
    private const double TicksPerSecond = 100;

    private static readonly int[] BusyFields = [0, 1, 2, 5, 6]; // user, nice, system, and interrupts of two kinds; between them: idle, waiting

    public static Reading Take(IReadOnlyList<ProcessMeter> servers) =>
        new(Clock.Now, [.. servers.Select(server => server.Read())], OfGenerator(), OfMachine());

    public double SecondsTo(Reading later) => (later.At - At) / (double)Clock.Second;

    /// <summary>Cores that neither the servers nor this program used.</summary>
    public double OtherCoresTo(Reading later)
    {
        var known = later.Generator.Cpu - Generator.Cpu + later.Servers.Zip(Servers, (to, from) => to.Cpu - from.Cpu).Sum();
        return Math.Max(0, (later.Machine - Machine - known) / SecondsTo(later));
    }

    private static Usage OfGenerator() =>
        new(Environment.CpuUsage.TotalTime.TotalSeconds, Environment.CpuUsage.PrivilegedTime.TotalSeconds, Environment.WorkingSet);

    // The first line of proc(5)'s stat.
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
