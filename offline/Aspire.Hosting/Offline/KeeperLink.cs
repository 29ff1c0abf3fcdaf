using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.Offline;

/// <summary>The AppHost's end of the connection to its keeper, which owns the processes (Keeper.cs).</summary>
internal sealed class KeeperLink : IAsyncDisposable
{
    private static readonly TimeSpan KeeperExit = TimeSpan.FromSeconds(2);

    private readonly Process _keeper;
    private readonly ConcurrentDictionary<int, KeptProcess> _processes = new();
    private readonly Channel<KeeperCommand> _commands = Channel.CreateUnbounded<KeeperCommand>();
    private readonly Task _reading;
    private readonly Task _writing;
    private int _lastId;

    private KeeperLink(Process keeper)
    {
        _keeper = keeper;
        _reading = ReadAsync();
        _writing = WriteAsync();
    }

    /// <summary>Completes when the keeper has ended, on purpose or not. None of its processes is left then.</summary>
    public Task Gone => _reading;

    public static KeeperLink Open()
    {
        var start = new ProcessStartInfo(DotnetHost.Path, [typeof(KeeperCommand).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // These variables are meant for the AppHost only: profilers and hooks would slow the keeper down.
        start.Environment.Remove("DOTNET_STARTUP_HOOKS");
        return new KeeperLink(Process.Start(start) ?? throw new DistributedApplicationException("The keeper of the processes did not start."));
    }

    /// <summary>Starts a process. Its reports arrive at <paramref name="process"/>, in order.</summary>
    public void Start(KeptProcess process, StartProcess start)
    {
        var id = Interlocked.Increment(ref _lastId);
        process.Id = id;
        _processes[id] = process;
        if (_reading.IsCompleted)
        {
            process.OnReport(new KeeperReport(id, FailedToStart: "the keeper of the processes is gone"));
            return;
        }

        _commands.Writer.TryWrite(new KeeperCommand(id, Start: start));
    }

    /// <summary>Asks the process to end, and ends it by force after the grace. Its exit is reported.</summary>
    public void Stop(KeptProcess process, TimeSpan grace) =>
        _commands.Writer.TryWrite(new KeeperCommand(process.Id, Stop: new StopProcess((int)grace.TotalMilliseconds)));

    /// <summary>Ends the keeper and, after a short grace, whatever still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        _commands.Writer.TryComplete();
        await _writing.ConfigureAwait(false); // this closes the pipe, and the keeper then ends
        await Task.WhenAny(_reading, Task.Delay(KeeperExit)).ConfigureAwait(false);
        _keeper.Dispose();
    }

    private async Task WriteAsync()
    {
        var output = _keeper.StandardInput;
        try
        {
            await foreach (var command in _commands.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(command, KeeperJson.Default.KeeperCommand)).ConfigureAwait(false);
                await output.FlushAsync().ConfigureAwait(false);
            }

            output.Close();
        }
        catch (IOException)
        {
            // The keeper is gone. The reader notices that as well, and reports it.
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _keeper.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                if (JsonSerializer.Deserialize(line, KeeperJson.Default.KeeperReport) is { } report
                    && _processes.TryGetValue(report.Id, out var process))
                {
                    process.OnReport(report);
                }
            }
        }
        catch (JsonException)
        {
            // A line cut short: the keeper was killed while writing it.
        }

        foreach (var process in _processes.Values.Where(process => !process.HasEnded))
        {
            process.OnKeeperGone();
        }
    }
}
