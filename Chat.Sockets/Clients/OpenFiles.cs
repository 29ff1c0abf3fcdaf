using System.Runtime.InteropServices;

namespace Chat.Sockets.Clients;

/// <summary>The system's limit on the files, sockets included, that this process may have open.</summary>
/// <remarks>.NET itself raises the soft limit to the hard one when it starts, so the limit that is read here is all there is.</remarks>
internal static class OpenFiles
{
    /// <summary>Null if the limit is practically infinite, or the system has none.</summary>
    public static int? Limit() =>
        !OperatingSystem.IsWindows()
        && GetLimit(OperatingSystem.IsMacOS() ? 8 : 7, out var limit) == 0
        && limit.Soft < int.MaxValue ? (int)limit.Soft : null;

    /// <summary>How many are open now. Libraries count, too: the runtime keeps open the files that it has loaded.</summary>
    public static int Count() => Directory.Exists("/dev/fd") ? Directory.GetFileSystemEntries("/dev/fd").Length : 0;

    /// <summary>Whether not one more can be opened.</summary>
    public static bool AreUsedUp()
    {
        try
        {
            using var any = File.OpenHandle(OperatingSystem.IsWindows() ? "NUL" : "/dev/null");
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    // RLIMIT_NOFILE is 7 on Linux and 8 on macOS.
    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
