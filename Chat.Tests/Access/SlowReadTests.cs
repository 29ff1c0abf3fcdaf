using System.Net;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Auth;
using Chat.Tests.ServerApi;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>A group that takes long to read: its server in a Redis Cluster stands still, while another one holds the bans.</summary>
public sealed class SlowReadTests(ITestOutputHelper output)
{
    private static readonly int OfBans = RedisCluster.OwnerOf(RedisSlot.Of(RedisKeys.SanctionsTag));
    private static readonly int OfGroup = (OfBans + 1) % 3;

    /// <summary>A user who was banned during the read once received the answer all the same.</summary>
    [RedisFact]
    public async Task Answer_ThatWasReadForWhileItsUserWasBanned_IsNotGiven()
    {
        await using var redis = await RedisCluster.StartAsync();
        await using var node = await NodeProcess.StartAsync(
            redis.Servers[0].ConnectionString,
            new Dictionary<string, string> { ["Auth:SecurityKey"] = TestToken.Key, ["Api:Keys:0:Name"] = ApiNodes.Backend, ["Api:Keys:0:Secret"] = ApiNodes.Key });
        try
        {
            var group = Enumerable.Range(0, 1000).Select(static i => $"s{i}")
                .First(static group => RedisCluster.OwnerOf(RedisKeys.SlotOf(Topic.Group(group).Utf8Name.Span)) == OfGroup);
            await using var reader = await ConnectAsync(node);
            await using var watcher = await ConnectAsync(node);
            await reader.JoinAsync(group); // joins all devices of the user
            await watcher.NextWhereAsync(next => (next.Name, next.Group) == ("subscribed", group)); // but not at once

            redis.Servers[OfGroup].Pause();
            var reading = reader.InvokeAsync("history", new { group });
            var watching = watcher.InvokeAsync("presence", new { group });
            Assert.Equal(HttpStatusCode.OK, (await new ApiClient(node).PostAsync("users/ban", new { user = "anna", topic = $"group:{group}" })).Status);
            Assert.Equal(group, (await reader.NextAsync("forbidden")).Group);
            Assert.Equal(group, (await watcher.NextAsync("forbidden")).Group);
            Assert.False(reading.IsCompleted || watching.IsCompleted);
            redis.Servers[OfGroup].Resume();

            await Assert.ThrowsAsync<HubException>(() => reading);
            await Assert.ThrowsAsync<HubException>(() => watching);
        }
        finally
        {
            redis.Servers[OfGroup].Resume();
            output.WriteLine(node.Output);
        }
    }

    private static Task<HubDotNetClient> ConnectAsync(NodeProcess node) =>
        HubDotNetClient.ConnectAsync(node.Address, "anna", HubTransport.WebSockets, new HubClientOptions { Token = static () => TestToken.For("anna") });
}
