using System.Diagnostics;
using System.Globalization;

namespace Chat.Bench.Measuring;

/// <summary>The resources that a process has used so far.</summary>
/// <param name="Cpu">Seconds of CPU, of all its threads.</param>
/// <param name="System">The part of these in the kernel.</param>
/// <param name="Memory">Bytes in RAM.</param>
internal readonly record struct Usage(double Cpu, double System, long Memory);

/// <summary>A process whose use is measured.</summary>
internal sealed class ProcessMeter(string name, int pid)
{
    private const double TicksPerSecond = 100; // the unit that Linux shows to programs, whatever it counts in

    private Usage _last;

    /// <summary>The name in the table. Names of one kind differ in a number only: <c>node 1</c>.</summary>
    public string Name => name;

    /// <summary>The present use. After the process has ended, that of the last reading.</summary>
    public Usage Read()
    {
        try
        {
            return _last = OperatingSystem.IsLinux() ? OfLinux() : OfAny();
        }
        catch (Exception gone) when (gone is IOException or ArgumentException or InvalidOperationException)
        {
            return _last;
        }
    }

    // The name is in parentheses and may contain anything. Behind it comes the third field of proc(5).
    private Usage OfLinux()
    {
        var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        var (user, system) = (Number(fields[14 - 3]), Number(fields[15 - 3]));
        return new Usage((user + system) / TicksPerSecond, system / TicksPerSecond, Number(fields[24 - 3]) * Environment.SystemPageSize);
    }

    private Usage OfAny()
    {
        using var process = Process.GetProcessById(pid);
        return new Usage(process.TotalProcessorTime.TotalSeconds, process.PrivilegedProcessorTime.TotalSeconds, process.WorkingSet64);
    }

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}
