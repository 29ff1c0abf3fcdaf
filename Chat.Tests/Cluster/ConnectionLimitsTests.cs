using System.Text.Json;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>How many connections and groups a user may have.</summary>
[Collection(LimitsGroup.Name)]
public sealed class ConnectionLimitsTests(LimitsCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output)
{
    [Fact]
    public async Task PerUser_CountsOverAllNodesAndEndpoints_AndIsFreedByAClose()
    {
        await using var one = await Cluster.ConnectAsync(0, "/chat/user/many");
        await using var two = await Cluster.ConnectAsync(1, "/chat/all/many");
        var three = await Cluster.ConnectAsync(1, "/chat/group/g/many");

        foreach (var node in new[] { 0, 1 })
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(node, "/chat/user/many"));
            Assert.Equal((429, "2"), (refused.Status, refused.RetryAfter));
        }

        await using var another = await Cluster.ConnectAsync(0, "/chat/user/many2"); // others are not affected
        await three.CloseAsync();
        await three.DisposeAsync();
        await using var again = await Cluster.ConnectWhenAdmittedAsync(0, "/chat/user/many");
        await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(1, "/chat/user/many"));
    }

    [Fact]
    public async Task PerUser_IsFreedWhenTheirNodeDies()
    {
        await Cluster.AddAsync();
        var dying = Cluster.Take(2);
        var lost = new List<ChatClient>();
        for (var i = 0; i < 3; i++)
        {
            lost.Add(await ChatClient.ConnectAsync(dying.Address, "/chat/user/orphan"));
        }

        await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, "/chat/user/orphan"));

        await dying.KillAsync();
        await dying.DisposeAsync();

        await using var back = await Cluster.ConnectWhenAdmittedAsync(0, "/chat/user/orphan");
        Assert.All(await Task.WhenAll(lost.Select(client => client.ClosedAsync())), closing => Assert.Equal(1006, closing.Code));
        lost.ForEach(client => client.Abort());
    }

    /// <summary>A node that has just started is in the registry before the other nodes know it.</summary>
    [Fact]
    public async Task PerUser_OnANodeThatIsStillUnknownToTheAsker_CountsAllTheSame()
    {
        var redis = Cluster.Redis;
        redis.Execute("ZADD", "{nodes}:leases", "99999999999999", "newcomer");
        redis.Execute("HSET", "{nodes}:info", "newcomer", JsonSerializer.Serialize(
            new { id = "newcomer", address = "http://localhost:1", state = "draining", connections = 3, startedAt = DateTimeOffset.UnixEpoch }));
        redis.Execute("HSET", "{user:early}:conns", "newcomer", "3");

        Assert.Equal(429, (await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, "/chat/user/early"))).Status);

        redis.Execute("ZADD", "{nodes}:leases", "1", "newcomer"); // its lease has ended
        await using var admitted = await Cluster.ConnectWhenAdmittedAsync(0, "/chat/user/early");
    }

    [Fact]
    public async Task PerUser_RefusedAttempts_TakeNoPlace()
    {
        await using var one = await Cluster.ConnectAsync(0, "/chat/user/strict");
        await using var two = await Cluster.ConnectAsync(0, "/chat/user/strict");
        var three = await Cluster.ConnectAsync(0, "/chat/user/strict");
        for (var i = 0; i < 5; i++)
        {
            await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(1, "/chat/user/strict"));
        }

        three.Abort();
        await three.DisposeAsync();

        await using var again = await Cluster.ConnectWhenAdmittedAsync(1, "/chat/user/strict");
    }

    [Fact]
    public async Task TopicsPerConnection_OverTheLimit_IsAnErrorAndTheConnectionStays()
    {
        await using var client = await Cluster.ConnectAsync(0, "/chat/channel/joiner?format=json");
        for (var i = 0; i < 3; i++)
        {
            await client.SendJsonAsync(new { Method = "UserGroup", Group = $"limit-{i}" });
            Assert.Equal($"group:limit-{i}", (await client.NextFrameAsync("joined")).Topic);
        }

        await client.SendJsonAsync(new { Method = "UserGroup", Group = "limit-3" });
        var error = await client.NextFrameAsync("error");
        Assert.Equal(("too_many_topics", false), (error.Code, error.Retry));

        await client.SendJsonAsync(new { Method = "UserGroup", Group = "limit-0" }); // it is in that group already
        Assert.Equal("group:limit-0", (await client.NextFrameAsync("joined")).Topic);
    }
}
