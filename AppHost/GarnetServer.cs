using System.Globalization;
using System.Reflection;

namespace AppHost;

/// <summary>How the embedded Redis, Garnet, is run: on this machine alone, with Lua, small when idle.</summary>
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

    // The package is downloaded by the restore; the build writes down where to (AppHost.csproj).
    private static string Library => typeof(GarnetServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(entry => entry.Key == "garnet").Value!;

    public static string[] Arguments(IDistributedApplicationBuilder builder, RedisSettings settings, int port)
    {
        string[] arguments =
        [
            Library,
            "--port", port.ToString(CultureInfo.InvariantCulture),
            "--bind", "127.0.0.1",
            "--lua", "true",
            "-q",
        ];
        if (!settings.Persist)
        {
            return arguments;
        }

        var directory = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, settings.DataDir));

        // Its default device needs libaio, without which it starts and then drops every connection that writes.
        return [.. arguments, "--aof", "true", "--recover", "true", "--checkpointdir", directory, "--device-type", "RandomAccess"];
    }
}
