using System.ComponentModel;
using System.Diagnostics;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.Offline;

/// <summary>One start of a process, as its keeper reports it.</summary>
internal sealed class KeptProcess(Action<OutputLine> onOutput)
{
    private readonly TaskCompletionSource<int> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The id by which commands and reports name this start.</summary>
    public int Id { get; set; }

    /// <summary>The process id. Fails with the system's error if the process cannot be started.</summary>
    public Task<int> Started => _started.Task;

    /// <summary>The exit code. Does not complete for a process that never started.</summary>
    public Task<int> Exited => _exited.Task;

    public bool HasEnded => _exited.Task.IsCompleted || _started.Task.IsFaulted;

    public void OnReport(KeeperReport report)
    {
        if (report.Pid is { } pid)
        {
            _started.TrySetResult(pid);
        }
        else if (report.FailedToStart is { } reason)
        {
            _started.TrySetException(new DistributedApplicationException(reason));
        }
        else if (report.Output is { } line)
        {
            onOutput(line);
        }
        else if (report.ExitCode is { } code)
        {
            _exited.TrySetResult(code);
        }
    }

    /// <summary>The keeper is gone. Nobody watches the process any more, and it must not outlive its keeper, so it is killed.</summary>
    public void OnKeeperGone()
    {
        if (_started.Task.IsCompletedSuccessfully)
        {
            try
            {
                using var orphan = Process.GetProcessById(_started.Task.Result);
                orphan.Kill(entireProcessTree: true);
            }
            catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or Win32Exception or AggregateException)
            {
                // The process had ended already.
            }
        }

        _started.TrySetException(new DistributedApplicationException("the keeper of the processes is gone"));
        _exited.TrySetResult(-1);
    }
}
