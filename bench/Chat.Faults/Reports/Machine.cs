using System.Globalization;
using System.Runtime.InteropServices;
using Chat.Tests.Support;

namespace Chat.Faults.Reports;

/// <summary>The machine and the time of a table.</summary>
internal static class Machine
{
    public static string Describe(RedisKind redis) => string.Create(CultureInfo.InvariantCulture,
        $"Made on {DateTime.UtcNow:yyyy-MM-dd} on {Environment.ProcessorCount} cores ({Find("/proc/cpuinfo", "model name") ?? "unknown"}), {System ?? RuntimeInformation.OSDescription}, "
        + $".NET {Environment.Version}, {(redis == RedisKind.Redis ? "redis-server" : "Garnet")}{Busy()},");

    private static string? System => Find("/etc/os-release", "PRETTY_NAME")?.Trim('"');

    // The other load on the machine: tasks that want a core, on average over the last five minutes.
    private static string Busy() => File.Exists("/proc/loadavg") ? $" (load before it: {File.ReadAllText("/proc/loadavg").Split(' ')[1]})" : "";

    private static string? Find(string file, string key) => !File.Exists(file) ? null
        : File.ReadLines(file).Where(line => line.StartsWith(key, StringComparison.Ordinal)).Select(line => line[(line.IndexOfAny([':', '=']) + 1)..].Trim()).FirstOrDefault();
}
