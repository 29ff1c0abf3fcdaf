using System.Globalization;
using System.Text.Json;

namespace Chat.Tests.Support;

/// <summary>One node as a process of its own, from the build beside this assembly.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30); // only a failing test waits this long
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    private readonly ChildProcess _process;

    private NodeProcess(ChildProcess process, Uri address)
    {
        _process = process;
        Address = address;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>As in <c>X-Node</c> and <c>/api/nodes</c>.</summary>
    public string Id { get; private set; } = "";

    public bool IsRunning => !_process.HasExited;

    public string Output => _process.Output;

    /// <summary>Returns when the node is registered and ready.</summary>
    /// <param name="redis">Its connection string.</param>
    /// <param name="settings">Configuration keys, such as <c>Chat:Connections:PerUser</c>.</param>
    public static async Task<NodeProcess> StartAsync(string redis, IReadOnlyDictionary<string, string> settings)
    {
        var port = TestPort.FindFree();
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__redis"] = redis,
        };
        foreach (var (key, value) in settings)
        {
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = await ChildProcess.StartAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "Chat.Api.dll")], environment);
        var node = new NodeProcess(process, new Uri(environment["ASPNETCORE_URLS"]));
        try
        {
            await node.UntilHealthAsync(isHealthy: true, StartTime);
            using var alive = await node.Http.GetAsync("alive");
            node.Id = alive.Headers.GetValues("X-Node").Single();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>The nodes as this one lists them.</summary>
    public async Task<ListedNode[]> ListAsync() =>
        JsonSerializer.Deserialize<ListedNode[]>(await Http.GetStringAsync("api/nodes"), JsonSerializerOptions.Web)!;

    /// <summary>Returns when <c>/health</c> says so, with the time it took.</summary>
    public async Task<TimeSpan> UntilHealthAsync(bool isHealthy, TimeSpan within)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var ticks = new PeriodicTimer(Poll);
        while (await IsHealthyAsync() != isHealthy)
        {
            if (TimeProvider.System.GetElapsedTime(started) > within || _process.HasExited)
            {
                throw new TimeoutException($"{Address} did not become {(isHealthy ? "ready" : "unready")} within {within}:\n{Output}");
            }

            await ticks.WaitForNextTickAsync();
        }

        return TimeProvider.System.GetElapsedTime(started);
    }

    /// <summary>SIGKILL. Returns when the process is gone.</summary>
    public Task KillAsync() => _process.KillAsync();

    public void Signal(int signal) => _process.Signal(signal);

    /// <summary>Stops its clock (SIGSTOP). Returns when it has stopped.</summary>
    public void Pause() => _process.Pause();

    /// <summary>SIGTERM. Returns when the process has ended.</summary>
    public Task StopAsync(TimeSpan within) => _process.StopAsync(within);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> IsHealthyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("health");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false; // not listening yet
        }
    }
}

/// <summary>A node as <c>GET /api/nodes</c> lists it.</summary>
internal sealed record ListedNode(string Id, string Address, string State, int Connections, DateTimeOffset StartedAt, int? Pid);
