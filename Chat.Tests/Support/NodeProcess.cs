using System.Text.Json;

namespace Chat.Tests.Support;

/// <summary>One node as a process of its own.</summary>
internal sealed class NodeProcess : ServerProcess
{
    private NodeProcess(Started started)
        : base(started, patience: TimeSpan.FromSeconds(10))
    {
    }

    /// <summary>The id as in <c>X-Node</c> and <c>/api/nodes</c>.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Returns when the node is registered and ready.</summary>
    /// <param name="redis">The connection string of its Redis.</param>
    /// <param name="settings">Configuration keys, such as <c>Chat:Connections:PerUser</c>.</param>
    /// <param name="alsoAt">A second address to listen on.</param>
    /// <param name="openFiles">The system's limit of open files for this process; not on Windows.</param>
    public static async Task<NodeProcess> StartAsync(string redis, IReadOnlyDictionary<string, string> settings, Uri? alsoAt = null, int? openFiles = null)
    {
        var node = new NodeProcess(await LaunchAsync(
            "Chat.Api.dll", redis, [("ASPNETCORE_ENVIRONMENT", "Development"), .. settings.Select(setting => (setting.Key, setting.Value))], alsoAt, openFiles));
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

    /// <summary>Returns when <c>/health</c> reports this state, with the time it took.</summary>
    public Task<TimeSpan> UntilHealthAsync(bool isHealthy, TimeSpan within) =>
        UntilAsync("health", answer => answer is { IsSuccessStatusCode: true } == isHealthy, within);
}

/// <summary>A node as <c>GET /api/nodes</c> lists it.</summary>
internal sealed record ListedNode(string Id, string Address, string State, int Connections, DateTimeOffset StartedAt, int? Pid);
