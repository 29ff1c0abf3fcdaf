using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Chat.Tests.Support;

/// <summary>A program that a test starts and can kill, pause or ask to stop at any time.</summary>
/// <remarks>It leaves nothing behind, even when the test host itself is killed: a shell runs between the two and ends the program when the shell's
/// input closes. On Windows there are no signals, and no shell runs between the two.</remarks>
internal sealed class ChildProcess : IAsyncDisposable
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;
    public const int SigStop = 19;

    private const int KeptLines = 400;

    private const string Watch = """
        exec 3<&0
        "$@" </dev/null 3<&- & child=$!
        (read -r _ <&3; kill -9 $child 2>/dev/null) & guard=$!
        echo "pid $child"
        wait $child
        code=$?
        kill $guard 2>/dev/null
        exit $code
        """;

    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(1); // only a failing test waits this long

    private readonly Process _process;
    private readonly Queue<string> _lines = new(); // guards itself
    private (string Line, TaskCompletionSource Written)? _last; // guarded by _lines
    private readonly TaskCompletionSource<int> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(
            OperatingSystem.IsWindows() ? program : "/bin/sh",
            OperatingSystem.IsWindows() ? arguments : ["-c", Watch, "sh", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Exited += (_, _) => _ = EndedAsync(program);
    }

    public int Id => _id.Task.Result;

    public bool HasExited => _process.HasExited;

    /// <summary>Valid once the program has ended. Above 128 it is 128 plus the number of the signal that ended the program.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines that it wrote.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>Whether it has been suspended and not continued.</summary>
    public bool IsPaused { get; private set; }

    public static async Task<ChildProcess> StartAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var child = new ChildProcess(program, arguments, environment);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        if (OperatingSystem.IsWindows())
        {
            child._id.TrySetResult(child._process.Id);
        }

        await child._id.Task.WaitAsync(StartTime);
        return child;
    }

    public void Signal(int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no signals.");
        }

        if (Kill(Id, signal) != 0)
        {
            throw new InvalidOperationException($"The process {Id} is gone:\n{Output}");
        }

        IsPaused = signal == SigStop || (IsPaused && signal != SigCont);
    }

    /// <summary>Suspends it (SIGSTOP): connections stay open, but nobody answers. Returns when each of its threads has stopped.</summary>
    public void Pause()
    {
        Signal(SigStop);
        if (OperatingSystem.IsLinux())
        {
            SpinWait.SpinUntil(
                () => Directory.GetDirectories($"/proc/{Id}/task").All(thread => File.ReadAllText(thread + "/stat").Contains(") T ", StringComparison.Ordinal)),
                StartTime);
        }
    }

    /// <summary>Ends it the way a crash does. Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            _process.Kill();
        }
        else
        {
            _ = Kill(Id, SigKill);
        }

        await ExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM). Returns when it has ended; a program that does not end cleanly fails the test.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        Signal(SigTerm);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(within);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Asked to stop, it still ran after {within}:\n{Output}");
        }

        if (ExitCode != 0)
        {
            throw new InvalidOperationException($"Asked to stop, it ended with exit code {ExitCode}:\n{Output}");
        }
    }

    /// <summary>Returns when it has written this line. From now on, <see cref="Output"/> stays as it is.</summary>
    public Task CloseOutputAsync(string last)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            _last = (last, written);
        }

        return written.Task;
    }

    /// <summary>Begins <see cref="Output"/> anew.</summary>
    public void OpenOutput()
    {
        lock (_lines)
        {
            _last = null;
            _lines.Clear();
        }
    }

    public Task ExitAsync() => _process.WaitForExitAsync();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    // The output, which contains the process id, may arrive after the end of the process.
    private async Task EndedAsync(string program)
    {
        await _process.WaitForExitAsync();
        _id.TrySetException(new InvalidOperationException($"{program} ended at once:\n{Output}"));
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (line.StartsWith("pid ", StringComparison.Ordinal) && int.TryParse(line.AsSpan(4), CultureInfo.InvariantCulture, out var id))
        {
            _id.TrySetResult(id);
            return;
        }

        lock (_lines)
        {
            if (_last is { } last)
            {
                if (line == last.Line)
                {
                    last.Written.TrySetResult();
                }

                return;
            }

            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
            {
                _lines.Dequeue();
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
