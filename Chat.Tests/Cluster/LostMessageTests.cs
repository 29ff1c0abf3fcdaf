using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>Pub/sub loses the last message of a topic, and no further one comes that would show the gap.</summary>
/// <remarks>Seen with Garnet, which lost 92 of 74,054 messages to one subscriber while another unsubscribed the channel; in a
/// Redis Cluster, a broken bus link does it.</remarks>
public sealed class LostMessageTests
{
    private static readonly Dictionary<string, string> Settings = [];

    [Theory]
    [InlineData("/chat/group/lost/a", "/chat/group/lost/b", """{"Msg":"last","MsgId":"m1"}""")]
    [InlineData("/chat/user/a", "/chat/user/b", """{"Id":"b","Msg":"last","MsgId":"m1"}""")]
    [InlineData("/chat/all/a", "/chat/all/b", """{"Msg":"last","MsgId":"m1"}""")]
    public async Task LastMessage_ThatPubSubLost_ReachesTheMemberWithoutAFurtherOne(string publisherAt, string memberAt, string message)
    {
        await using var redis = await RedisServer.StartAsync(RedisCommandLine.WhyNoRedis is null ? RedisKind.Redis : RedisKind.Garnet);
        await using var proxy = new RedisProxy(redis);
        await using var here = await NodeProcess.StartAsync(redis.ConnectionString, Settings);
        await using var there = await NodeProcess.StartAsync(proxy.ConnectionString, Settings);
        await using var member = await ChatClient.ConnectAsync(there.Address, memberAt + "?format=json");
        await member.NextFrameAsync("subscribed");
        await using var publisher = await ChatClient.ConnectAsync(here.Address, publisherAt + "?format=json");
        var swallowed = proxy.SwallowAsync("last");

        await publisher.SendAsync(message);
        await publisher.NextFrameAsync("ack");
        await swallowed.WaitAsync(ChatClient.Deadline);

        Assert.Equal("last", (await member.NextFrameAsync("message")).Msg);
    }
}
