using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

public sealed class RedisServerTests
{
    [RedisFact]
    public Task Redis_WhenKilledAndRestarted_KeepsItsPortAndItsData() => KillAndRestartAsync(RedisKind.Redis);

    [Fact]
    public Task Garnet_WhenKilledAndRestarted_KeepsItsPortAndItsData() => KillAndRestartAsync(RedisKind.Garnet);

    [RedisFact]
    public async Task Redis_WhenPaused_AnswersAfterwards()
    {
        await using var server = await RedisServer.StartAsync();
        using var client = new RedisClient(server.Port);
        server.Pause();
        client.Send("PING");
        server.Resume();

        Assert.Equal("PONG", client.Receive());
        await server.StopAsync();
        Assert.False(RedisClient.Answers(server.Port));
    }

    private static async Task KillAndRestartAsync(RedisKind kind)
    {
        await using var server = await RedisServer.StartAsync(kind, persists: true);
        server.Execute("SET", "key", "value");
        await server.KillAsync();
        Assert.False(RedisClient.Answers(server.Port));
        await server.RestartAsync();

        Assert.Equal("value", server.Execute("GET", "key"));
    }
}
