using System.Globalization;

namespace Chat.Tests.Support;

/// <summary>A real Redis or Garnet for one test, on a free port of this machine. Tests kill, pause and restart it.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(1); // only a failing test waits this long

    private readonly RedisKind _kind;
    private readonly string[] _more;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chat-redis-");
    private readonly bool _persists;
    private ChildProcess? _process;

    private RedisServer(RedisKind kind, bool persists, string[] more)
    {
        _kind = kind;
        _persists = persists;
        _more = more;
    }

    /// <summary>The port, which stays the same over restarts.</summary>
    public int Port { get; } = TestPort.FindFree();

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public bool IsRunning => _process is not null;

    /// <summary>The system's id of the process that runs now.</summary>
    public int Pid => _process!.Id;

    /// <summary>Returns when the server answers PING.</summary>
    /// <param name="kind">The server to start.</param>
    /// <param name="persists">Whether acknowledged writes survive <see cref="KillAsync"/> and <see cref="RestartAsync"/>.</param>
    /// <param name="more">Further arguments for the server.</param>
    public static async Task<RedisServer> StartAsync(RedisKind kind = RedisKind.Redis, bool persists = false, params string[] more)
    {
        var server = new RedisServer(kind, persists, more);
        try
        {
            await server.RestartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again on its old port, after <see cref="KillAsync"/> or <see cref="StopAsync"/>. Returns when it answers PING.</summary>
    public async Task RestartAsync()
    {
        if (_process is not null)
        {
            throw new InvalidOperationException("It runs already.");
        }

        var command = RedisCommandLine.Of(_kind, Port, _directory.FullName, _persists, _more);
        _process = await ChildProcess.StartAsync(command[0], command[1..], global::AppHost.GarnetServer.Runtime);
        using var deadline = new CancellationTokenSource(StartTime);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!RedisClient.Answers(Port))
        {
            if (_process.HasExited || deadline.IsCancellationRequested)
            {
                throw new InvalidOperationException($"{command[0]} did not start on port {Port}:\n{_process.Output}");
            }

            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>Saves the present data. The server can later come back with exactly these data, as after a crash that loses all later writes. Only
    /// for redis-server.</summary>
    /// <returns>A function that kills the server and restarts it with the saved data. It returns when the server answers PING.</returns>
    public Func<Task> Remember()
    {
        if (!_persists)
        {
            Execute("SAVE");
            return async () =>
            {
                await KillAsync();
                await RestartAsync();
            };
        }

        var log = _directory.GetFiles("*.incr.aof", SearchOption.AllDirectories).MaxBy(file => file.Name, StringComparer.Ordinal)!;
        var length = log.Length;
        return async () =>
        {
            await KillAsync();
            await using (var file = log.OpenWrite())
            {
                file.SetLength(length);
            }

            await RestartAsync();
        };
    }

    /// <summary>Ends it the way a crash does: no goodbye, nothing flushed. Returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.DisposeAsync();
        }
    }

    /// <summary>Asks it to end (SIGTERM) and waits until it has.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.StopAsync(StartTime);
            await process.DisposeAsync();
        }
    }

    /// <summary>Suspends it (SIGSTOP): connections stay open, but nobody answers. Returns when it has stopped.</summary>
    public void Pause() => _process!.Pause();

    /// <summary>Resumes it (SIGCONT).</summary>
    public void Resume() => _process!.Signal(ChildProcess.SigCont);

    /// <summary>Sends one command on a connection of its own, to set the server up or inspect it.</summary>
    /// <returns>A string, a long, an array of these, or null.</returns>
    /// <exception cref="InvalidOperationException">The server answered with an error.</exception>
    public object? Execute(params string[] command)
    {
        using var client = new RedisClient(Port);
        return client.Execute(command);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Delete(recursive: true);
    }
}

internal enum RedisKind
{
    /// <summary>The machine's redis-server (Debian: apt-get install redis-server).</summary>
    Redis,

    /// <summary>The embedded default, from its NuGet package.</summary>
    Garnet,
}
