using System.Diagnostics;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

public sealed class PersistentRedis() : NodeClusterFixture(
    nodes: 2,
    persists: true,
    [
        .. Unlimited.Sending,
        ("Chat:Connections:PerUser", "2"),
        ("Chat:Backplane:Group:Messages", "10000"),
    ]);

/// <summary>Redis goes and comes back with everything it had acknowledged. Sockets stay open, and nobody misses anything.</summary>
public sealed class RedisFaultTests(PersistentRedis fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<PersistentRedis>
{
    private static readonly TimeSpan RedWithin = TimeSpan.FromSeconds(8); // 5 s are promised; the rest is for a busy machine

    [Fact]
    public async Task RedisKilledAndRestarted_LosesNothing_AndNoConnectionEnds()
    {
        var clients = await Cluster.JoinAsync(8, i => $"/chat/group/restart/c{i}");
        using var traffic = new Traffic(clients);
        await traffic.UntilAsync(200);

        await Cluster.Redis.KillAsync();
        await Cluster.UntilHealthAsync(isHealthy: false, RedWithin);
        await Cluster.Redis.RestartAsync();
        await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await traffic.UntilAsync(200);
        await traffic.StopAsync();

        await traffic.AssertNothingMissingAsync();
        Assert.All(clients, client => Assert.Equal(0, client.Resumes));
    }

    [Fact]
    public async Task RedisPausedForEightSeconds_LosesNothing_AndNoConnectionEnds()
    {
        var clients = await Cluster.JoinAsync(8, i => $"/chat/group/pause/c{i}");
        using var traffic = new Traffic(clients);
        await traffic.UntilAsync(200);
        var paused = Stopwatch.StartNew();

        Cluster.Redis.Pause();
        await Cluster.UntilHealthAsync(isHealthy: false, RedWithin);
        using (var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100)))
        {
            while (paused.Elapsed < TimeSpan.FromSeconds(8) && await ticks.WaitForNextTickAsync())
            {
                Assert.Empty(clients.SelectMany(client => client.Closings));
            }
        }

        Cluster.Redis.Resume();
        await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await traffic.UntilAsync(200);
        await traffic.StopAsync();

        await traffic.AssertNothingMissingAsync();
        Assert.All(clients, client => Assert.Equal(0, client.Resumes));
    }

    [Fact]
    public async Task Publish_WhileRedisIsAway_FailsFast_AndTheSameIdAgainIsOnce()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/away/p?format=json");
        await using var text = await Cluster.ConnectAsync(0, "/chat/group/away/t");
        await using var member = await Cluster.ConnectAsync(1, "/chat/group/away/m?format=json");
        await member.NextFrameAsync("subscribed");
        Cluster.Redis.Pause(); // harder than a kill: commands sent now may still be carried out
        var watch = Stopwatch.StartNew();

        await publisher.SendJsonAsync(new { Msg = "x", MsgId = "once" });
        var error = await publisher.NextFrameAsync("error");
        Assert.Equal(("not_published", true, "once"), (error.Code, error.Retry, error.Id));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8)); // a command's timeout is 2 s; a client that isn't told waits forever

        // From now on it is known that Redis is away, so refusals come at once. If each waited for a command's timeout, these would take 20 s.
        watch.Restart();
        for (var i = 0; i < 9; i++)
        {
            await publisher.SendJsonAsync(new { Msg = "x", MsgId = "once" });
            await publisher.NextFrameAsync("error");
        }

        await text.SendAsync("lost, and told so");
        Assert.StartsWith("error: ", await text.NextAsync(), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));

        Cluster.Redis.Resume();
        await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await publisher.SendJsonAsync(new { Msg = "x", MsgId = "once" });
        var ack = await publisher.NextFrameAsync("ack");
        await publisher.SendJsonAsync(new { Msg = "y", MsgId = "next" });

        Assert.Equal(("once", ack.Offset), await member.NextFrameAsync("message") is var first ? (first.Id!, first.Offset) : default);
        Assert.Equal("next", (await member.NextFrameAsync("message")).Id);
    }

    [RedisFact]
    public async Task Publish_WhileRedisIsOutOfMemory_IsToldToTryAgain_AndSucceedsOnceThereIsRoom()
    {
        await using var publisher = await Cluster.ConnectAsync(0, "/chat/group/full/p?format=json");
        await using var member = await Cluster.ConnectAsync(1, "/chat/group/full/m?format=json");
        await member.NextFrameAsync("subscribed");
        await publisher.SendJsonAsync(new { Msg = "first", MsgId = "first" });
        await publisher.NextFrameAsync("ack");
        Cluster.Redis.Execute("CONFIG", "SET", "maxmemory-policy", "noeviction");
        Cluster.Redis.Execute("CONFIG", "SET", "maxmemory", "1");
        try
        {
            await publisher.SendJsonAsync(new { Msg = "x", MsgId = "once" });
            var error = await publisher.NextFrameAsync("error");
            Assert.Equal(("not_published", true, "once"), (error.Code, error.Retry, error.Id));
        }
        finally
        {
            Cluster.Redis.Execute("CONFIG", "SET", "maxmemory", "0");
        }

        await publisher.SendJsonAsync(new { Msg = "x", MsgId = "once" });
        Assert.Equal("once", (await publisher.NextFrameAsync("ack")).Id);
        Assert.Equal(["first", "once"], [(await member.NextFrameAsync("message")).Id!, (await member.NextFrameAsync("message")).Id!]);
    }

    [Fact]
    public async Task Join_WhileRedisIsAway_IsRefusedForLater()
    {
        await Cluster.Redis.KillAsync();
        await Cluster.UntilHealthAsync(isHealthy: false, RedWithin);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, "/chat/user/early"));
        Assert.Equal((503, "2"), (refused.Status, refused.RetryAfter));

        await Cluster.Redis.RestartAsync();
        await using var later = await Cluster.ConnectWhenAdmittedAsync(0, "/chat/user/early");
        await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
    }

    [Fact]
    public async Task PerUser_OfConnectionsThatEndedWhileRedisWasAway_IsFreed()
    {
        var one = await Cluster.ConnectAsync(0, "/chat/user/lucky");
        var two = await Cluster.ConnectAsync(0, "/chat/user/lucky");
        await Cluster.Redis.KillAsync();
        await Cluster.UntilHealthAsync(isHealthy: false, RedWithin);
        await one.CloseAsync();
        await two.CloseAsync();
        await Cluster.Redis.RestartAsync();
        await Cluster.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);

        await using var three = await Cluster.ConnectWhenAdmittedAsync(1, "/chat/user/lucky");
        await using var four = await Cluster.ConnectWhenAdmittedAsync(1, "/chat/user/lucky");

        await one.DisposeAsync();
        await two.DisposeAsync();
    }
}
