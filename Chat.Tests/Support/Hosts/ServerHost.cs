using System.IO.Pipes;
using System.Text.Json;

namespace Chat.Tests.Support.Hosts;

/// <summary>A process that runs one server of the cluster after the other.</summary>
/// <remarks>Nine tenths of what a start costs is loading types and compiling, which a process does once. So a server that no test has killed or
/// asked to end leaves its process to the next one. There is never more than one in a process.</remarks>
internal sealed class ServerHost : IAsyncDisposable
{
    public const string PipeVariable = "CHAT_TESTS_PIPE";
    public const string Ended = "the server in this process has ended";

    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(1); // only a failing test waits this long
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(2);

    private readonly NamedPipeServerStream _pipe;
    private readonly StreamWriter _orders;

    private ServerHost(ChildProcess process, NamedPipeServerStream pipe)
    {
        (Process, _pipe) = (process, pipe);
        _orders = new StreamWriter(pipe) { AutoFlush = true };
    }

    public ChildProcess Process { get; }

    /// <param name="program">The path of its assembly.</param>
    public static async Task<ServerHost> StartAsync(string program)
    {
        var name = $"chat-tests-{Guid.NewGuid():N}";
        var pipe = new NamedPipeServerStream(name, PipeDirection.Out, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        var process = await ChildProcess.StartAsync("dotnet", [program], new Dictionary<string, string>
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
            [PipeVariable] = name,
        });
        await pipe.WaitForConnectionAsync().WaitAsync(StartTime);
        return new ServerHost(process, pipe);
    }

    /// <summary>Runs the program's entry point with these variables.</summary>
    public Task BeginAsync(IReadOnlyDictionary<string, string> environment)
    {
        Process.OpenOutput();
        return _orders.WriteLineAsync(JsonSerializer.Serialize(environment));
    }

    /// <summary>Ends the server, and not the process. Returns false if the process cannot be used again.</summary>
    public async Task<bool> EndAsync()
    {
        if (Process.HasExited || Process.IsPaused)
        {
            return false;
        }

        try
        {
            var ended = Process.CloseOutputAsync(Ended);
            await _orders.WriteLineAsync("end");
            await ended.WaitAsync(EndTime);
            return true;
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await _pipe.DisposeAsync();
    }
}
