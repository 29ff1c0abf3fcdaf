namespace Aspire.Hosting.Offline;

/// <summary>Exit codes in words.</summary>
internal static class ExitCodes
{
    private const int SignalBase = 128; // a shell, and .NET on Unix, add this to a signal's number

    public static string Describe(int exitCode) => exitCode switch
    {
        SignalBase + 9 => "killed",
        SignalBase + 15 => "terminated",
        SignalBase + 6 => "aborted; its last lines say why",
        > SignalBase and < SignalBase + 65 when !OperatingSystem.IsWindows() => $"signal {exitCode - SignalBase}",
        _ => $"exit code {exitCode}",
    };
}
