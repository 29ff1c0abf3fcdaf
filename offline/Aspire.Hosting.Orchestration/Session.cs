using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Aspire.Hosting.Orchestration;

/// <summary>What .NET has no portable call for: sessions, and asking a process to end.</summary>
internal static class Session
{
    private const int SigTerm = 15;
    private const uint CtrlBreak = 1;

    /// <summary>Leaves the terminal's foreground group, which gets the terminal's signals.</summary>
    public static void Detach()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetSid(); // fails only for the leader of a process group, which is then not the group of the AppHost
        }
    }

    /// <summary>Gives a new process a console group of its own, where such exist.</summary>
    public static void GroupAlone(ProcessStartInfo start)
    {
        if (OperatingSystem.IsWindows())
        {
            start.CreateNewProcessGroup = true; // Ctrl+Break then reaches only this process
        }
    }

    /// <summary>Asks a process to end: SIGTERM, or on Windows Ctrl+Break, which .NET hosts take the same way.</summary>
    public static void AskToEnd(Process process)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = GenerateConsoleCtrlEvent(CtrlBreak, (uint)process.Id);
        }
        else
        {
            _ = Kill(process.Id, SigTerm);
        }
    }

    [DllImport("libc", EntryPoint = "setsid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetSid();

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);

    [DllImport("kernel32", EntryPoint = "GenerateConsoleCtrlEvent", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int GenerateConsoleCtrlEvent(uint signal, uint processGroup);
}
