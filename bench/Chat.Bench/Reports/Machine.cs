using System.Globalization;
using System.Runtime.InteropServices;

namespace Chat.Bench.Reports;

/// <summary>The machine and the time of a measurement.</summary>
internal static class Machine
{
    public static string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores ({Find("/proc/cpuinfo", "model name") ?? "unknown"}), "
        + $"{Find("/etc/os-release", "PRETTY_NAME")?.Trim('"') ?? RuntimeInformation.OSDescription}, .NET {Environment.Version}");

    private static string? Find(string file, string key) => !File.Exists(file) ? null
        : File.ReadLines(file).Where(line => line.StartsWith(key, StringComparison.Ordinal)).Select(line => line[(line.IndexOfAny([':', '=']) + 1)..].Trim()).FirstOrDefault();
}
