using System.ComponentModel;
using System.Diagnostics;

namespace AppHost;

/// <summary>Docker or Podman on this machine.</summary>
internal static class ContainerEngine
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Returns true if one answers. The command alone proves nothing: it may be installed without an engine behind it.</summary>
    public static bool Answers() => Answers("docker") || Answers("podman");

    private static bool Answers(string engine)
    {
        try
        {
            using var info = Process.Start(new ProcessStartInfo(engine, "info") { RedirectStandardOutput = true, RedirectStandardError = true });
            if (info is null)
            {
                return false;
            }

            info.BeginOutputReadLine();
            info.BeginErrorReadLine();
            if (info.WaitForExit(Patience))
            {
                return info.ExitCode == 0;
            }

            info.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false; // not installed
        }
    }
}
