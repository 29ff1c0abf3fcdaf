using System.Globalization;
using System.Reflection;

namespace AppHost;

/// <summary>How the embedded Redis, Garnet, is run: on this machine alone, with Lua, next to nothing when idle.</summary>
/// <remarks>
/// Measured with 2.2.8: 85 MB and no CPU time when idle, half a second to the first answer, gone at once on SIGTERM.
/// Memory is given up oldest first: once <see cref="RedisSettings.Memory"/> is full, what has not been written to for
/// longest is dropped without a word, a topic's log included. Its clients are told that they may have missed something.
/// </remarks>
internal static class GarnetServer
{
    public const string Command = "dotnet";

    /// <summary>For its .NET runtime. Its own default, the server's garbage collector, takes a heap per core.</summary>
    public static readonly IReadOnlyDictionary<string, string> Runtime = new Dictionary<string, string>
    {
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_gcConcurrent"] = "0",
        ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0", // idle threads sleep instead of spinning
    };

    // Replayed at the next start: 64 MB take about a second. Its files are dropped whole, so they have to be smaller.
    private const string AppendLogLimit = "64m";
    private const string AppendLogFile = "32m";

    // The package is downloaded by the restore; the build writes down where to (AppHost.csproj).
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
            "--lua-transaction-mode", "true", // without it two publishes of one topic may run in between each other
            "-q",
        ];
        return settings.Persist ? [.. arguments, .. Persistence(appHostDirectory, settings)] : arguments;
    }

    // Every write goes to the append-only log, which outlives a SIGKILL; past its limit the state is saved whole and the
    // log begins anew. The managed device: the native one needs libaio, which many machines lack.
    private static string[] Persistence(string appHostDirectory, RedisSettings settings) =>
    [
        "--aof", "true",
        "--aof-commit-wait", "true", // else it answers before the write is in the log's file
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
