using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Chat.Tests.Support;

/// <summary>A server's process and the shell that watches over it; see <see cref="RedisServer"/>.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    public const int SigCont = 18;
    private const int SigStop = 19;
    private const int SigTerm = 15;
    private const int SigKill = 9;
    private const int KeptLines = 40;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<int> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RedisProcess(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in global::AppHost.GarnetServer.Runtime)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Exited += (_, _) => _id.TrySetException(new InvalidOperationException($"{command[0]} ended at once."));
    }

    public bool HasExited => _process.HasExited;

    /// <summary>The last it said.</summary>
    public string Output => string.Join('\n', _lines);

    public static async Task<RedisProcess> StartAsync(string[] command, TimeSpan timeout)
    {
        var started = new RedisProcess(command);
        started._process.Start();
        started._process.BeginOutputReadLine();
        started._process.BeginErrorReadLine();
        if (OperatingSystem.IsWindows())
        {
            started._id.TrySetResult(started._process.Id);
        }

        await started._id.Task.WaitAsync(timeout);
        return started;
    }

    /// <summary>Ends it as a crash does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            _process.Kill();
        }
        else
        {
            // The signal first: a paused server would not notice anything else.
            _ = Kill(_id.Task.Result, SigKill);
        }

        await EndAsync();
    }

    public async Task StopAsync()
    {
        Signal(SigTerm);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (Kill(_id.Task.Result, 0) == 0 && !IsZombie(_id.Task.Result))
        {
            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }

        await EndAsync();
    }

    /// <summary>Returns when each of its threads has stopped.</summary>
    public void Pause()
    {
        Signal(SigStop);
        if (OperatingSystem.IsLinux())
        {
            SpinWait.SpinUntil(
                () => Directory.GetDirectories($"/proc/{_id.Task.Result}/task").All(thread => File.ReadAllText(thread + "/stat").Contains(") T ", StringComparison.Ordinal)),
                TimeSpan.FromSeconds(5));
        }
    }

    public void Signal(int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no signals.");
        }

        if (Kill(_id.Task.Result, signal) != 0)
        {
            throw new InvalidOperationException($"The server {_id.Task.Result} is gone:\n{Output}");
        }
    }

    private async Task EndAsync()
    {
        _process.StandardInput.Close(); // the shell reaps the server and ends
        await _process.WaitForExitAsync();
        _process.Dispose();
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

        _lines.Enqueue(line);
        while (_lines.Count > KeptLines)
        {
            _lines.TryDequeue(out _);
        }
    }

    // Its shell waits for us before it reaps it.
    private static bool IsZombie(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true; // gone altogether, or a system without /proc
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
