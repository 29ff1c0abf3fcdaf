using System.Globalization;
using System.Reflection;

namespace AppHost;

/// <summary>How the embedded Redis, Garnet, is run: for this machine only, with Lua, and with next to no cost when idle.</summary>
/// <remarks>
/// Measured with 2.2.8: 85 MB and no CPU time when idle, half a second to the first answer, gone at once on SIGTERM.
/// Once <see cref="RedisSettings.Memory"/> is full, Garnet silently drops what has not been written to for longest, even a topic's log. The clients
/// of the topic are told that they may have missed something.
/// </remarks>
internal static class GarnetServer
{
    public const string Command = "dotnet";

    /// <summary>The environment of its .NET runtime. Its own default, the server garbage collector, takes a heap per core.</summary>
    public static readonly IReadOnlyDictionary<string, string> Runtime = new Dictionary<string, string>
    {
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_gcConcurrent"] = "0",
        ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0", // idle threads sleep instead of spinning
    };

    // The log is replayed at the next start: 64 MB take about a second. Its files are dropped whole, so they have to be smaller than that.
    private const string AppendLogLimit = "64m";
    private const string AppendLogFile = "32m";

    // The restore downloads the package; the build records where to (AppHost.csproj).
    private static string Library => typeof(GarnetServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(entry => entry.Key == "garnet").Value!;

    /// <summary>The command line.</summary>
    public static string[] Arguments(string appHostDirectory, RedisSettings settings, int port)
    {
        string[] arguments =
        [
            Library,
            "--port", port.ToString(CultureInfo.InvariantCulture),
            "--bind", "127.0.0.1",
            "--lua", "true",
            "--memory", settings.Memory,
            "--lua-transaction-mode", "true", // without it, two publishes to one topic may interleave
            "-q",
        ];
        return settings.Persist ? [.. arguments, .. Persistence(appHostDirectory, settings)] : arguments;
    }

    // Every write goes to the append-only log, which survives a SIGKILL. Past the log's limit, the whole state is saved and the log begins anew. The
    // managed device is used, because the native one needs libaio, which many machines lack.
    private static string[] Persistence(string appHostDirectory, RedisSettings settings) =>
    [
        "--aof", "true",
        "--aof-commit-wait", "true", // otherwise, it answers before the write is in the log's file
        "--recover", "true",
        "--checkpointdir", Path.GetFullPath(Path.Combine(appHostDirectory, settings.DataDir)),
        "--device-type", "RandomAccess",
        "--page", "4m",
        "--aof-page-size", "8m",
        "--aof-memory", "64m",
        "--aof-segment-size", AppendLogFile,
        "--aof-size-limit", AppendLogLimit,
    ];
}
