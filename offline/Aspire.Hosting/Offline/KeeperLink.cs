using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Aspire.Hosting.Orchestration;

namespace Aspire.Hosting.Offline;

/// <summary>The AppHost's end of the conversation with its keeper, which owns the processes (Keeper.cs).</summary>
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

    /// <summary>Ends when the keeper has, wanted or not; nothing it kept is left then.</summary>
    public Task Gone => _reading;

    public static KeeperLink Open()
    {
        var start = new ProcessStartInfo(DotnetHost.Path, [typeof(KeeperCommand).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // Variables meant for the AppHost alone; profilers and hooks would slow the keeper down.
        start.Environment.Remove("DOTNET_STARTUP_HOOKS");
        return new KeeperLink(Process.Start(start) ?? throw new DistributedApplicationException("The keeper of the processes did not start."));
    }

    /// <summary>Starts a process; its reports arrive at the given process in order.</summary>
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

    /// <summary>Asks the process to end, and ends it after the grace. Its exit is reported.</summary>
    public void Stop(KeptProcess process, TimeSpan grace) =>
        _commands.Writer.TryWrite(new KeeperCommand(process.Id, Stop: new StopProcess((int)grace.TotalMilliseconds)));

    /// <summary>Ends the keeper and, after a short grace, whatever still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        _commands.Writer.TryComplete();
        await _writing.ConfigureAwait(false); // closes the pipe, at which the keeper ends
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
            // The keeper is gone; the reader sees that too and says so.
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
