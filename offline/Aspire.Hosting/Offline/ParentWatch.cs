using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Offline;

/// <summary>Ends the application when the <c>dotnet run</c> around it is killed.</summary>
/// <remarks>
/// SIGTERM and Ctrl+C arrive by themselves, but a killed <c>dotnet run</c> leaves its child behind. The parent only matters if it is dotnet: an
/// application that was started from a shell is meant to outlive the shell, if the shell says so. Windows ends the child itself.
/// </remarks>
internal sealed class ParentWatch(IHostApplicationLifetime lifetime, ConsoleOutput console, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (OperatingSystem.IsWindows() || !IsDotnet(GetParent()))
        {
            return;
        }

        var parent = GetParent();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                if (GetParent() != parent)
                {
                    console.Complain("dotnet run is gone; everything is stopped.");
                    lifetime.StopApplication();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // An ordinary stop.
        }
    }

    private static bool IsDotnet(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.ProcessName == "dotnet";
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetParent();
}
