using Chat.Tests.Support;
using Xunit.Abstractions;

namespace Chat.Tests.Bench;

/// <summary>The load generator (bench/Chat.Bench) as a separate process.</summary>
internal static class BenchProgram
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2); // only a failing test waits this long

    /// <summary>Returns when it has ended, with its exit code and its output.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(ITestOutputHelper output, params string[] arguments)
    {
        await using var bench = await ChildProcess.StartAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Chat.Bench.dll"), .. arguments], new Dictionary<string, string>());
        await bench.ExitAsync().WaitAsync(Deadline);
        output.WriteLine(bench.Output);
        return (bench.ExitCode, bench.Output);
    }
}
