using AppHost;
using Chat.Tests.Support;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Chat.Tests.AppHost;

public class GarnetServerTests
{
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(1); // only a failing test waits this long

    [Fact]
    public async Task Garnet_WhenPersistentAndKilled_HasEverythingAgain()
    {
        var directory = Directory.CreateTempSubdirectory("garnet-");
        try
        {
            var port = TestPort.FindFree();
            await using (var first = await StartAsync(directory.FullName, port))
            {
                using var client = new RedisClient(port);
                client.Execute("EVAL", "return redis.call('RPUSH', KEYS[1], ARGV[1])", "1", "{user:1}:log", "hello"); // the way a publish writes
                await first.KillAsync();
            }

            await using var second = await StartAsync(directory.FullName, port);
            using var later = new RedisClient(port);
            Assert.Equal("hello", later.Execute("LINDEX", "{user:1}:log", "0"));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<ChildProcess> StartAsync(string directory, int port)
    {
        var settings = RedisSettings.Read(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Redis:Persist"] = "true",
                ["Redis:DataDir"] = directory,
            }).Build(),
            []);
        var process = await ChildProcess.StartAsync(
            GarnetServer.Command, GarnetServer.Arguments(directory, settings, port), GarnetServer.Runtime);
        using var deadline = new CancellationTokenSource(StartTime);
        while (await RedisProbe.AskAsync("127.0.0.1", port, cancellationToken: deadline.Token) is not null)
        {
            Assert.False(process.HasExited, process.Output);
        }

        return process;
    }
}
