using Chat.Tests.Support;

namespace Chat.Tests.Edge;

/// <summary>The edge as a separate process.</summary>
internal sealed class EdgeProcess : ServerProcess
{
    private EdgeProcess(Started started)
        : base(started, patience: TimeSpan.FromSeconds(20))
    {
    }

    /// <summary>Returns when the edge has a node to send clients to.</summary>
    /// <param name="redis">Its connection string; empty where <c>Edge:Upstream</c> is set.</param>
    /// <param name="settings">Configuration keys, such as <c>Edge:AllowedOrigins</c>.</param>
    public static Task<EdgeProcess> StartAsync(string redis, params (string Key, string Value)[] settings) => StartAsync(redis, openFiles: null, settings);

    /// <param name="redis">As above.</param>
    /// <param name="openFiles">The system's limit of open files for this process; not on Windows.</param>
    /// <param name="settings">As above.</param>
    public static async Task<EdgeProcess> StartAsync(string redis, int? openFiles, params (string Key, string Value)[] settings)
    {
        var edge = new EdgeProcess(await LaunchAsync(
            "Edge.Proxy.dll", redis, [("Edge:HealthInterval", "00:00:00.5"), ("Edge:UpgradeTimeout", "00:00:02"), .. settings], openFiles: openFiles));
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

    /// <summary>Repeats a request until its answer meets the condition. Returns the time it took.</summary>
    public new Task<TimeSpan> UntilAsync(string path, Func<HttpResponseMessage, bool> condition, TimeSpan within) =>
        base.UntilAsync(path, answer => answer is not null && condition(answer), within);
}
