using System.Globalization;

namespace Chat.Tests.Support;

/// <summary>A program of the cluster in its own process and on its own port, run from the build beside this assembly.</summary>
internal abstract class ServerProcess(ServerProcess.Started started, TimeSpan patience) : IAsyncDisposable
{
    private readonly Lazy<Task> _end = new(() => started.Running.EndAsync()); // a fixture may be disposed of twice

    // Only a failing test waits this long. A start takes two seconds, and thirty when three start beside a build on two cores.
    protected static readonly TimeSpan StartTime = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    /// <summary>Starts a program, given the path of its assembly and its environment: in a process of its own, unless the tests set another way.</summary>
    public static Func<string, IReadOnlyDictionary<string, string>, Task<Running>> Start { get; set; } =
        static (program, environment) => StartAsync("dotnet", [program], environment);

    public Uri Address { get; } = started.Address;

    public HttpClient Http { get; } = new() { BaseAddress = started.Address, Timeout = patience };

    /// <summary>The system's process id.</summary>
    public int Pid => Process.Id;

    public string Output => Process.Output;

    protected ChildProcess Process => started.Running.Process;

    public bool IsRunning => !Process.HasExited;

    /// <summary>SIGKILL. Returns when the process is gone.</summary>
    public Task KillAsync() => Process.KillAsync();

    public void Signal(int signal) => Process.Signal(signal);

    /// <summary>Suspends it (SIGSTOP). Returns when it has stopped.</summary>
    public void Pause() => Process.Pause();

    /// <summary>SIGTERM. Returns when the process has ended.</summary>
    public Task StopAsync(TimeSpan within) => Process.StopAsync(within);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _end.Value;
    }

    /// <param name="assembly">A program of the build beside this assembly, such as <c>Chat.Api.dll</c>.</param>
    /// <param name="redis">The connection string of its Redis.</param>
    /// <param name="settings">Configuration keys, such as <c>Chat:Connections:PerUser</c>; if a name occurs twice, the last one counts.</param>
    /// <param name="alsoAt">A second address to listen on.</param>
    /// <param name="openFiles">The system's limit of open files for this process; not on Windows.</param>
    protected static async Task<Started> LaunchAsync(
        string assembly, string redis, IEnumerable<(string Key, string Value)> settings, Uri? alsoAt = null, int? openFiles = null)
    {
        var address = FreeAddress();
        var environment = Environment(alsoAt is null ? [address] : [address, alsoAt], redis, settings);
        var program = Path.Combine(AppContext.BaseDirectory, assembly);

        // Limits of the system, and variables that are no configuration (of the runtime, of OpenSSL), are those of a process, and count as long as it
        // lives.
        var started = openFiles is not null
            ? await StartAsync("/bin/sh", ["-c", $"ulimit -n {openFiles}; exec dotnet \"$0\"", program], environment)
            : environment.Keys.All(static name => name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || name.Contains("__", StringComparison.Ordinal))
                ? await Start(program, environment)
                : await StartAsync("dotnet", [program], environment);
        return new Started(started, address);
    }

    /// <summary>Starts a process of its own.</summary>
    /// <param name="command">Returns the program and its arguments, given the address that it has to listen on.</param>
    /// <param name="redis">As above.</param>
    /// <param name="settings">As above.</param>
    protected static async Task<Started> LaunchAsync(Func<string, string[]> command, string redis, IEnumerable<(string Key, string Value)> settings)
    {
        var address = FreeAddress();
        var line = command(address.GetLeftPart(UriPartial.Authority));
        return new Started(await StartAsync(line[0], line[1..], Environment([address], redis, settings)), address);
    }

    private static Uri FreeAddress() => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{TestPort.FindFree()}"));

    private static Dictionary<string, string> Environment(Uri[] addresses, string redis, IEnumerable<(string Key, string Value)> settings)
    {
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = string.Join(';', addresses.Select(static address => address.GetLeftPart(UriPartial.Authority))),
            ["ConnectionStrings__redis"] = redis,
        };
        foreach (var (key, value) in settings)
        {
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        return environment;
    }

    private static async Task<Running> StartAsync(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var process = await ChildProcess.StartAsync(program, arguments, environment);
        return new Running(process, () => process.DisposeAsync().AsTask());
    }

    /// <summary>Repeats a request until its answer meets the condition. Returns the time it took.</summary>
    /// <param name="path">The path to request.</param>
    /// <param name="condition">The condition on the answer, which is null when there was none.</param>
    /// <param name="within">The deadline.</param>
    protected async Task<TimeSpan> UntilAsync(string path, Func<HttpResponseMessage?, bool> condition, TimeSpan within)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var ticks = new PeriodicTimer(Poll);
        while (!await HoldsAsync(path, condition))
        {
            if (TimeProvider.System.GetElapsedTime(began) > within || Process.HasExited)
            {
                throw new TimeoutException($"{Address}{path} did not answer as wanted within {within}:\n{Output}");
            }

            await ticks.WaitForNextTickAsync();
        }

        return TimeProvider.System.GetElapsedTime(began);
    }

    private async Task<bool> HoldsAsync(string path, Func<HttpResponseMessage?, bool> condition)
    {
        HttpResponseMessage? answer = null;
        try
        {
            answer = await Http.GetAsync(path);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            // The process does not listen yet, or not any more.
        }

        using (answer)
        {
            return condition(answer);
        }
    }

    internal sealed record Started(Running Running, Uri Address);

    /// <param name="Process">The process that the server runs in.</param>
    /// <param name="EndAsync">Ends the server at once, whatever state it is in.</param>
    internal sealed record Running(ChildProcess Process, Func<Task> EndAsync);
}
