using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace Aspire.Hosting.Orchestration;

/// <summary>The running processes, by the id that the AppHost gave each start.</summary>
internal sealed class KeptProcesses(Reports reports)
{
    // A grandchild may hold the output open long after the process is gone.
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, (Process Process, Task Ended)> _running = new();

    public void Obey(KeeperCommand command)
    {
        if (command.Start is { } start)
        {
            Start(command.Id, start);
        }

        if (command.Stop is { } stop && _running.TryGetValue(command.Id, out var running))
        {
            _ = EndAsync(running.Process, running.Ended, TimeSpan.FromMilliseconds(stop.GraceMilliseconds)); // WatchAsync reports the end
        }
    }

    /// <summary>Ends every process, and returns when they are gone.</summary>
    public Task EndAllAsync(TimeSpan grace) =>
        Task.WhenAll(_running.Values.Select(running => EndAsync(running.Process, running.Ended, grace)));

    private static async Task EndAsync(Process process, Task ended, TimeSpan grace)
    {
        if (!process.HasExited)
        {
            Session.AskToEnd(process);
        }

        if (await Task.WhenAny(ended, Task.Delay(grace)).ConfigureAwait(false) != ended)
        {
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (Exception failure) when (failure is AggregateException or Win32Exception or InvalidOperationException)
            {
                // Some of the tree ended by itself meanwhile, or belongs to another user; the rest got the signal.
            }

            await ended.ConfigureAwait(false);
        }
    }

    private static ProcessStartInfo Describe(StartProcess start)
    {
        var description = new ProcessStartInfo(start.FileName, start.Arguments)
        {
            WorkingDirectory = start.Directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        description.Environment.Clear();
        foreach (var (name, value) in start.Environment)
        {
            description.Environment[name] = value;
        }

        Session.GroupAlone(description);
        return description;
    }

    private void Start(int id, StartProcess start)
    {
        try
        {
            var process = Process.Start(Describe(start))!;
            process.StandardInput.Close(); // the keeper's own input is the AppHost's commands
            reports.Send(new KeeperReport(id, Pid: process.Id));
            var ended = WatchAsync(id, process);
            _running[id] = (process, ended);
            if (ended.IsCompleted)
            {
                _running.TryRemove(id, out _); // it ended before it was entered; its pid may belong to another process by now
            }
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or InvalidOperationException)
        {
            reports.Send(new KeeperReport(id, FailedToStart: failure.Message));
        }
    }

    private async Task WatchAsync(int id, Process process)
    {
        var output = Task.WhenAll(RelayAsync(id, process.StandardOutput, false), RelayAsync(id, process.StandardError, true));
        await process.WaitForExitAsync().ConfigureAwait(false);
        await Task.WhenAny(output, Task.Delay(LastOutput)).ConfigureAwait(false);
        _running.TryRemove(id, out _);
        reports.Send(new KeeperReport(id, ExitCode: process.ExitCode));
    }

    private async Task RelayAsync(int id, StreamReader lines, bool isError)
    {
        while (await lines.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            reports.Send(new KeeperReport(id, Output: new OutputLine(line, isError)));
        }
    }
}
