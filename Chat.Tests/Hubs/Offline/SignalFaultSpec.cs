using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using StackExchange.Redis;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>What happens when Redis, or the way to it, fails.</summary>
public abstract class SignalFaultSpec(RedisFixture redis) : SignalSpec(redis)
{
    [RedisFact]
    public async Task Redis_WhenItRestarts_GetsEverySubscriptionBack()
    {
        var (a, b) = (await A.ConnectAsync("anna"), await B.ConnectAsync("ben"));
        await B.Hub.AddToGroupAsync(b.Id, "g");
        await Server.KillAsync();
        try
        {
            await Assert.ThrowsAnyAsync<RedisException>(() => A.Hub.SendAllAsync("hi", ["lost"]).WaitAsync(Deadline));
            await Assert.ThrowsAnyAsync<RedisException>(() => A.Hub.AddToGroupAsync(a.Id, "g").WaitAsync(Deadline));
        }
        finally
        {
            await Server.RestartAsync();
        }

        await Eventually.TrueAsync(() => Subscribed().Length == 5 && HearAll(nodes: 2)); // two connections, two users, a group

        await AnyhowAsync(() => A.Hub.SendAllAsync("hi", ["all"]));
        Assert.Equal("hi(all)", await b.NextAsync());
        Assert.Equal("hi(all)", await a.NextAsync());
        await A.Hub.SendGroupAsync("g", "hi", ["group"]);
        Assert.Equal("hi(group)", await b.NextAsync());
        await A.Hub.SendUserAsync("ben", "hi", ["user"]);
        Assert.Equal("hi(user)", await b.NextAsync());
        await A.Hub.SendConnectionAsync(b.Id, "hi", ["connection"]);
        Assert.Equal("hi(connection)", await b.NextAsync());
        await B.Hub.AddToGroupAsync(a.Id, "g");
        await B.Hub.SendGroupAsync("g", "hi", ["both"]);
        Assert.Equal("hi(both)", await a.NextAsync());
    }

    [RedisFact]
    public async Task Redis_AwayAtTheStart_IsSaidSo_AndUsedOnceItIsThere()
    {
        await using var late = await RedisServer.StartAsync(Kind);
        await late.KillAsync();
        var node = await StartNodeAsync(at: late.ConnectionString);
        await Assert.ThrowsAnyAsync<RedisException>(() => node.ConnectAsync("anna").WaitAsync(Deadline));
        await Assert.ThrowsAnyAsync<RedisException>(() => node.Hub.SendAllAsync("hi", ["lost"]).WaitAsync(Deadline));
        Assert.Equal(0, node.Hub.Held);

        await late.RestartAsync();
        var client = node.NewClient("anna");
        await AnyhowAsync(client.ConnectAsync);
        await node.Hub.SendUserAsync("anna", "hi", ["anna"]);

        Assert.Equal("hi(anna)", await client.NextAsync());
    }

    [RedisFact]
    public async Task Leaving_WhileRedisIsAway_Succeeds()
    {
        var a = await A.ConnectAsync("anna");
        await A.Hub.AddToGroupAsync(a.Id, "g");
        await Server.KillAsync();
        try
        {
            await A.Hub.RemoveFromGroupAsync(a.Id, "g").WaitAsync(Deadline);
            await a.DisconnectAsync().WaitAsync(Deadline);
            Assert.Equal(0, A.Hub.Held);
        }
        finally
        {
            await Server.RestartAsync();
        }

        await Eventually.TrueAsync(() => HearAll(nodes: 1));
        Assert.Empty(Subscribed());
    }

    [RedisFact]
    public async Task Subscribing_WhenNobodyConfirms_FailsInTimeAndLeavesNothing()
    {
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(new SignalLimits { RedisAnswer = TimeSpan.FromSeconds(2) }, proxy.ConnectionString);
        var client = await node.ConnectAsync();
        var before = node.Hub.Held;

        proxy.Deafen(where: _ => true);
        await Assert.ThrowsAsync<TimeoutException>(() => node.Hub.AddToGroupAsync(client.Id, "g"));
        await Assert.ThrowsAsync<TimeoutException>(() => node.Hub.SendAllAsync("hi", ["all"]));

        Assert.Equal(before, node.Hub.Held);
        proxy.Cut();
        await AnyhowAsync(() => node.Hub.AddToGroupAsync(client.Id, "g"));
        var heard = client.NextAsync();
        await Eventually.TrueAsync(async () =>
        {
            await A.Hub.SendGroupAsync("g", "hi", ["group"]);
            return heard.IsCompleted;
        });
        Assert.Equal("hi(group)", await heard);
    }

    // As after some reconnects: the client of Redis has forgotten what it was subscribed to, and says nothing.
    [RedisFact]
    public async Task Subscriptions_ThatTheClientOfRedisLost_AreMadeAnew()
    {
        var b = await B.ConnectAsync("ben");
        await B.Hub.AddToGroupAsync(b.Id, "g");

        await B.Redis.GetSubscriber().UnsubscribeAllAsync();
        Assert.Empty(Subscribed());
        await Eventually.TrueAsync(() => Subscribed().Length == 3 && HearAll(nodes: 1));
        await A.Hub.SendGroupAsync("g", "hi", ["group"]);

        Assert.Equal("hi(group)", await b.NextAsync());
        await A.Hub.AddToGroupAsync(b.Id, "h"); // an answer comes as well
    }

    [RedisFact]
    public async Task Rubbish_OnAnyChannel_HarmsNobody()
    {
        var b = await B.ConnectAsync("ben");
        await B.Hub.AddToGroupAsync(b.Id, "g");
        var node = ((object?[])Server.Execute("PUBSUB", "CHANNELS", Channels.Node("*"))!).Cast<string>();
        foreach (var channel in node.Concat([Channels.All, Channels.Connection(b.Id), Channels.User("ben"), Channels.Group("g")]))
        {
            var subscriber = A.Redis.GetSubscriber();
            var random = new Random(1);
            for (var i = 0; i < 100; i++)
            {
                await subscriber.PublishAsync(new RedisChannel(channel, RedisChannel.PatternMode.Literal), random.Bytes(50));
                await subscriber.PublishAsync(
                    new RedisChannel(channel, RedisChannel.PatternMode.Literal), (byte[])[FrameReader.Mark, (byte)(i % 11), .. random.Bytes(20)]);
            }

            await subscriber.PublishAsync(new RedisChannel(channel, RedisChannel.PatternMode.Literal), RedisValue.EmptyString);
            await subscriber.PublishAsync( // a call, whole, but in no protocol that anybody speaks
                new RedisChannel(channel, RedisChannel.PatternMode.Literal), FrameWriter.Signal([new("klingon", new byte[] { 1 })]));
        }

        await A.Hub.SendAllAsync("hi", ["all"]);
        Assert.Equal("hi(all)", await b.NextAsync());
        await A.Hub.SendGroupAsync("g", "hi", ["group"]);
        Assert.Equal("hi(group)", await b.NextAsync());
        await A.Hub.SendUserAsync("ben", "hi", ["user"]);
        Assert.Equal("hi(user)", await b.NextAsync());
        await A.Hub.AddToGroupAsync(b.Id, "h");
        await A.Hub.SendConnectionAsync(b.Id, "hi", ["connection"]);
        Assert.Equal("hi(connection)", await b.NextAsync());
    }

    [RedisFact]
    public async Task Hub_WhenItEnds_LeavesNoSubscription_AndASharedConnectionOpen()
    {
        var (a, other) = (await A.ConnectAsync("anna"), await B.ConnectAsync());
        await A.Hub.AddToGroupAsync(a.Id, "g");

        A.Hub.Dispose();

        await A.Redis.GetSubscriber().PingAsync(); // behind what was sent before
        Assert.Equal([Channels.Connection(other.Id)], Subscribed());
        await A.Redis.GetDatabase().PingAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => A.ConnectAsync());
    }

    private bool HearAll(int nodes) => Server.Execute("PUBSUB", "NUMSUB", Channels.All) is object?[] { Length: 2 } counts
        && Convert.ToInt32(counts[1], System.Globalization.CultureInfo.InvariantCulture) == nodes;

    /// <summary>Until the client of Redis has noticed that it is back.</summary>
    private static Task AnyhowAsync(Func<Task> action) => Eventually.TrueAsync(async () =>
    {
        try
        {
            await action();
            return true;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return false;
        }
    });
}

[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RedisSignalFaultTests(RedisServerFixture redis) : SignalFaultSpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetSignalFaultTests(GarnetServerFixture redis) : SignalFaultSpec(redis);
