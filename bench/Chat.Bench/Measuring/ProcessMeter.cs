using System.Diagnostics;
using System.Globalization;

namespace Chat.Bench.Measuring;

/// <summary>What a process has used so far.</summary>
/// <param name="Cpu">Seconds, of all of its threads.</param>
/// <param name="System">Of these, in the kernel.</param>
/// <param name="Memory">Bytes in RAM.</param>
internal readonly record struct Usage(double Cpu, double System, long Memory);

/// <summary>A process whose use is measured.</summary>
internal sealed class ProcessMeter(string name, int pid)
{
    private const double TicksPerSecond = 100; // what Linux shows to programs, whatever it counts in

    private Usage _last;

    /// <summary>As in the table; those of one kind have one, but for a number: <c>node 1</c>.</summary>
    public string Name => name;

    /// <summary>Now; if it has ended, when it was last asked.</summary>
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

    // The name, in parentheses, may hold anything; what follows begins with the third field of proc(5).
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
