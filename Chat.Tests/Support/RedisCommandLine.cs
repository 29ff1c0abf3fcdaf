using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Chat.Tests.Support;

/// <summary>The command lines of the servers.</summary>
internal static class RedisCommandLine
{
    private static readonly string? Server = Find("redis-server");

    /// <summary>Null, or the reason why tests that need redis-server can't run here.</summary>
    public static string? WhyNoRedis => Server is null ? "redis-server is not installed (Debian, Ubuntu: apt-get install redis-server)." : null;

    /// <summary>The server for tests that run on either: redis-server, which starts at once, where it is installed.</summary>
    public static RedisKind Usual => WhyNoRedis is null ? RedisKind.Redis : RedisKind.Garnet;

    /// <summary>Null, or the reason why there can be no Redis Cluster with sharded channels here.</summary>
    public static string? WhyNoShards() => WhyNoRedis
        ?? (Version().Major < 7 ? $"Sharded channels need redis-server 7 or later; here it is {Version()}." : null);

    public static string[] Of(RedisKind kind, int port, string directory, bool persists, string[] more)
    {
        var portText = port.ToString(CultureInfo.InvariantCulture);
        return kind == RedisKind.Redis
            ?
            [
                Server ?? throw new InvalidOperationException(WhyNoRedis),
                "--port", portText, "--bind", "127.0.0.1", "--dir", directory, "--save", "",
                "--appendonly", persists ? "yes" : "no", "--appendfsync", "no", .. more,
            ]
            :
            [
                "dotnet", Garnet, "--port", portText, "--bind", "127.0.0.1", "--lua", "true", "--lua-transaction-mode", "true",
                .. persists ? AppendOnly(directory) : [], .. more,
            ];
    }

    // Garnet's default device needs libaio. Without it Garnet starts, and then drops every connection that writes.
    private static string[] AppendOnly(string directory) =>
        ["--aof", "true", "--aof-commit-wait", "true", "--recover", "true", "--checkpointdir", directory, "--device-type", "RandomAccess"];

    // The AppHost's restore fetches Garnet, and the AppHost's build records the path.
    private static string Garnet => typeof(global::AppHost.GarnetServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(entry => entry.Key == "garnet").Value!;

    // Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=…
    private static Version Version()
    {
        using var process = Process.Start(new ProcessStartInfo(Server!, "--version") { RedirectStandardOutput = true })!;
        var words = process.StandardOutput.ReadToEnd().Split(' ');
        return System.Version.TryParse(Array.Find(words, word => word.StartsWith("v=", StringComparison.Ordinal))?[2..], out var version) ? version : new Version();
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
