using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Chat.Tests.AppHost.Offline;

/// <summary>The AppHost as a separate process, as <c>dotnet run</c> starts it.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90); // only a failing test waits this long

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task _reading;
    private readonly List<string> _seen = [];

    public AppHostProcess(params string[] arguments)
    {
        // Runs from its own folder, which contains its dependencies beyond the framework.
        var build = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)); // artifacts/bin/Chat.Tests/debug
        var program = Path.Combine(build.Parent!.Parent!.FullName, "AppHost", build.Name, "AppHost.dll");
        var start = new ProcessStartInfo("dotnet", [program, "--Dashboard=false", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        _process = Process.Start(start)!;
        _reading = Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
    }

    /// <summary>All its output so far.</summary>
    public string Output
    {
        get
        {
            lock (_seen)
            {
                return string.Join('\n', _seen);
            }
        }
    }

    /// <summary>Returns the next line that contains the text.</summary>
    public async Task<string> LineAsync(string text)
    {
        using var deadline = new CancellationTokenSource(StartTime);
        try
        {
            while (true)
            {
                var line = await _lines.Reader.ReadAsync(deadline.Token);
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (Exception missing) when (missing is OperationCanceledException or ChannelClosedException)
        {
            throw new InvalidOperationException($"The AppHost never wrote '{text}':\n{Output}", missing);
        }
    }

    /// <summary>Returns the address in the ready line.</summary>
    public async Task<Uri> ReadyAsync() => new((await LineAsync("Chat is up: ")).Split(' ')[3]);

    /// <summary>Ends it the way a crash does, without its child processes.</summary>
    public void Kill() => _process.Kill();

    public void AskToEnd()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<int> ExitAsync(TimeSpan within)
    {
        await _process.WaitForExitAsync().WaitAsync(within);
        return _process.ExitCode;
    }

    /// <summary>Opens a connection whose end shows that the process behind it is gone.</summary>
    public static async Task<Socket> WatchAsync(string host, int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host, port);
        return socket;
    }

    /// <summary>Returns when the other end of the connection has closed it or died.</summary>
    public static async Task GoneAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[64]) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // A reset counts like a close.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(); // its keeper ends the rest
        }

        await _reading.WaitAsync(StartTime);
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            lock (_seen)
            {
                _seen.Add(line);
            }

            _lines.Writer.TryWrite(line);
        }
    }
}
