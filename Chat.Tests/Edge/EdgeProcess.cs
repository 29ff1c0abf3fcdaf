using System.Globalization;
using Chat.Tests.Support;

namespace Chat.Tests.Edge;

/// <summary>The edge as a process of its own, from the build beside this assembly.</summary>
internal sealed class EdgeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30); // only a failing test waits this long
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    private readonly ChildProcess _process;

    private EdgeProcess(ChildProcess process, Uri address)
    {
        _process = process;
        Address = address;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public int Id => _process.Id;

    public string Output => _process.Output;

    /// <summary>Returns when the edge has a node to send clients to.</summary>
    /// <param name="redis">Its connection string; empty where <c>Edge:Upstream</c> is set.</param>
    /// <param name="settings">Configuration keys, such as <c>Edge:AllowedOrigins</c>.</param>
    public static Task<EdgeProcess> StartAsync(string redis, params (string Key, string Value)[] settings) => StartAsync(redis, openFiles: null, settings);

    /// <param name="redis">As above.</param>
    /// <param name="openFiles">The system's limit for this process; not on Windows.</param>
    /// <param name="settings">As above.</param>
    public static async Task<EdgeProcess> StartAsync(string redis, int? openFiles, params (string Key, string Value)[] settings)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{TestPort.FindFree()}");
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = url,
            ["ConnectionStrings__redis"] = redis,
            ["Edge__HealthInterval"] = "00:00:00.5",
            ["Edge__UpgradeTimeout"] = "00:00:01",
        };
        foreach (var (key, value) in settings)
        {
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var program = Path.Combine(AppContext.BaseDirectory, "Edge.Proxy.dll");
        var process = openFiles is null
            ? await ChildProcess.StartAsync("dotnet", [program], environment)
            : await ChildProcess.StartAsync("/bin/sh", ["-c", $"ulimit -n {openFiles}; exec dotnet \"$0\"", program], environment);
        var edge = new EdgeProcess(process, new Uri(url));
        try
        {
            await edge.UntilAsync("health", answer => answer.IsSuccessStatusCode, StartTime);
            return edge;
        }
        catch
        {
            await edge.DisposeAsync();
            throw;
        }
    }

    public Task<ChatClient> ConnectAsync(string path) => ChatClient.ConnectAsync(Address, path);

    /// <summary>Asks until the answer is as wanted; returns the time it took.</summary>
    public async Task<TimeSpan> UntilAsync(string path, Func<HttpResponseMessage, bool> condition, TimeSpan within)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var ticks = new PeriodicTimer(Poll);
        while (!await HoldsAsync(path, condition))
        {
            if (TimeProvider.System.GetElapsedTime(started) > within)
            {
                throw new TimeoutException($"{path} did not answer as wanted within {within}:\n{Output}");
            }

            await ticks.WaitForNextTickAsync();
        }

        return TimeProvider.System.GetElapsedTime(started);
    }

    /// <summary>SIGTERM. Returns when the process has ended.</summary>
    public Task StopAsync(TimeSpan within) => _process.StopAsync(within);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> HoldsAsync(string path, Func<HttpResponseMessage, bool> condition)
    {
        try
        {
            using var answer = await Http.GetAsync(path);
            return condition(answer);
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
    }
}
