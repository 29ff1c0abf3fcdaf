using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

public sealed class ForgetfulRedis() : NodeClusterFixture(nodes: 2, persists: false);

/// <summary>Redis comes back without what it had acknowledged: everybody is told, and chat goes on.</summary>
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

        // Whoever was away meanwhile is told as well.
        await using var back = await Cluster.ConnectAsync(1, $"/chat/group/empty/cid?format=json&since={before.Epoch}:1");
        Assert.False((await back.NextFrameAsync()).Recovered);
        Assert.Equal("2", (await back.NextFrameAsync()).Id);
    }
}
