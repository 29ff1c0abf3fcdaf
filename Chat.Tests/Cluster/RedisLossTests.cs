using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

public sealed class ForgetfulRedis() : NodeClusterFixture(nodes: 2, persists: false);

/// <summary>Redis comes back without messages that it had acknowledged: everybody is told, and chat goes on.</summary>
public sealed class RedisLossTests(ForgetfulRedis fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<ForgetfulRedis>
{
    [Fact]
    public async Task RedisRestartedEmpty_BeginsANewEpoch_AndTellsEveryMember()
    {
        await using var ada = await Cluster.ConnectAsync(0, "/chat/group/empty/ada?format=json");
        await using var bob = await Cluster.ConnectAsync(1, "/chat/group/empty/bob?format=json");
        var before = await bob.NextFrameAsync("subscribed");
        await ada.SendJsonAsync(new { Msg = "x", MsgId = "1" });
        Assert.Equal("1", (await bob.NextFrameAsync("message")).Id);

        await Cluster.Redis.KillAsync();
        await Cluster.Redis.RestartAsync();

        foreach (var client in new[] { ada, bob })
        {
            var told = await client.UntilAsync(text => text.Contains("\"recovered\":false", StringComparison.Ordinal));
            Assert.NotEqual(before.Epoch, ChatFrame.Parse(told[^1]).Epoch);
        }

        await ada.SendJsonAsync(new { Msg = "y", MsgId = "2" });
        var message = await bob.NextFrameAsync("message");
        Assert.Equal(("2", 1L), (message.Id, message.Offset));
        Assert.NotEqual(before.Epoch, message.Epoch);

        // A client that was away meanwhile is told as well.
        await using var back = await Cluster.ConnectAsync(1, $"/chat/group/empty/cid?format=json&since={before.Epoch}:1");
        Assert.False((await back.NextFrameAsync()).Recovered);
        Assert.Equal("2", (await back.NextFrameAsync()).Id);
    }

    // A snapshot, or a replica that was promoted before it had everything, lacks the last acknowledged messages. Their positions are then given again.
    [RedisFact]
    public async Task RedisRestartedWithoutItsLastMessages_IsNoticed_EvenByTheNodeThatComesBackLast()
    {
        await using var bob = await Cluster.ConnectAsync(1, "/chat/user/tail?format=json");
        await using var ada = await Cluster.ConnectAsync(0, "/chat/user/tail-from?format=json");
        await PublishAsync(ada, 1, 10);
        Cluster.Redis.Execute("SAVE");
        await PublishAsync(ada, 11, 15);
        await bob.UntilAsync(text => text.Contains("\"id\":\"15\"", StringComparison.Ordinal));

        Cluster.Nodes[1].Pause();
        await Cluster.Redis.KillAsync();
        await Cluster.Redis.RestartAsync();
        await Cluster.Nodes[0].UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await PublishAsync(ada, 16, 22); // positions 11 to 17, of which bob has seen others up to 15
        Cluster.Nodes[1].Signal(ChildProcess.SigCont);

        // He may lose the messages in between, but not silently, and receives everything from here on.
        await bob.UntilAsync(text => text.Contains("\"recovered\":false", StringComparison.Ordinal));
        await PublishAsync(ada, 23, 23);
        await bob.UntilAsync(text => text.Contains("\"id\":\"23\"", StringComparison.Ordinal));
    }

    private static async Task PublishAsync(ChatClient from, int first, int last)
    {
        for (var i = first; i <= last; i++)
        {
            await from.SendJsonAsync(new { Id = "tail", Msg = "x", MsgId = $"{i}" });
            await from.NextFrameAsync("ack");
        }
    }
}
