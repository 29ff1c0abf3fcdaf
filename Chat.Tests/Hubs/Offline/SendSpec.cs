using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>Who gets what is sent, wherever it is sent from.</summary>
public abstract class SendSpec(RedisFixture redis) : SignalSpec(redis)
{
    [RedisFact]
    public async Task All_ReachesEveryClientOfEveryNode()
    {
        var (a, b) = (await A.ConnectAsync(), await B.ConnectAsync());

        await A.Hub.SendAllAsync("hi", ["all"]);

        Assert.Equal("hi(all)", await a.NextAsync());
        Assert.Equal("hi(all)", await b.NextAsync());
    }

    [RedisFact]
    public async Task AllExcept_LeavesOutClientsOfEitherNode()
    {
        var (a, b, other) = (await A.ConnectAsync(), await B.ConnectAsync(), await B.ConnectAsync());

        await A.Hub.SendAllExceptAsync("hi", ["some"], [a.Id, b.Id]);

        Assert.Equal("hi(some)", await other.NextAsync());
        await AssertNothingAsync(A, a, b);
    }

    [RedisFact]
    public async Task Group_ReachesItsMembersOnly()
    {
        var (a, b, other) = (await A.ConnectAsync(), await B.ConnectAsync(), await B.ConnectAsync());
        await A.Hub.AddToGroupAsync(a.Id, "g");
        await B.Hub.AddToGroupAsync(b.Id, "g");

        await A.Hub.SendGroupAsync("g", "hi", ["group"]);

        Assert.Equal("hi(group)", await a.NextAsync());
        Assert.Equal("hi(group)", await b.NextAsync());
        await AssertNothingAsync(A, a, b, other);
    }

    [RedisFact]
    public async Task GroupExcept_LeavesOutMembersOfEitherNode()
    {
        var (a, b, other) = (await A.ConnectAsync(), await B.ConnectAsync(), await B.ConnectAsync());
        await A.Hub.AddToGroupAsync(a.Id, "g");
        await B.Hub.AddToGroupAsync(b.Id, "g");
        await B.Hub.AddToGroupAsync(other.Id, "g");

        await A.Hub.SendGroupExceptAsync("g", "hi", ["group"], [a.Id, b.Id]);

        Assert.Equal("hi(group)", await other.NextAsync());
        await AssertNothingAsync(A, a, b);
    }

    [RedisFact]
    public async Task Groups_EachGetIt()
    {
        var (a, b) = (await A.ConnectAsync(), await B.ConnectAsync());
        await A.Hub.AddToGroupAsync(a.Id, "g");
        await B.Hub.AddToGroupAsync(b.Id, "h");

        await B.Hub.SendGroupsAsync(["g", "h", "nobody's"], "hi", ["groups"]);

        Assert.Equal("hi(groups)", await a.NextAsync());
        Assert.Equal("hi(groups)", await b.NextAsync());
    }

    [RedisFact]
    public async Task User_IsReachedOnEveryDevice()
    {
        var (first, second, other) = (await A.ConnectAsync("anna"), await B.ConnectAsync("anna"), await B.ConnectAsync("ben"));

        await A.Hub.SendUserAsync("anna", "hi", ["anna"]);

        Assert.Equal("hi(anna)", await first.NextAsync());
        Assert.Equal("hi(anna)", await second.NextAsync());
        await AssertNothingAsync(A, first, second, other);
    }

    [RedisFact]
    public async Task Users_EachGetIt()
    {
        var (anna, ben) = (await A.ConnectAsync("anna"), await B.ConnectAsync("ben"));

        await A.Hub.SendUsersAsync(["anna", "ben", "nobody"], "hi", ["both"]);

        Assert.Equal("hi(both)", await anna.NextAsync());
        Assert.Equal("hi(both)", await ben.NextAsync());
    }

    [RedisFact]
    public async Task Connection_IsReachedFromEitherNode()
    {
        var (a, b) = (await A.ConnectAsync(), await A.ConnectAsync());

        await A.Hub.SendConnectionAsync(a.Id, "hi", ["here"]);
        await B.Hub.SendConnectionAsync(a.Id, "hi", ["there"]);
        await B.Hub.SendConnectionAsync("nobody's", "hi", ["nobody"]);

        Assert.Equal("hi(here)", await a.NextAsync());
        Assert.Equal("hi(there)", await a.NextAsync());
        await AssertNothingAsync(A, a, b);
    }

    [RedisFact]
    public async Task Connections_EachGetIt()
    {
        var (a, b, other) = (await A.ConnectAsync(), await B.ConnectAsync(), await B.ConnectAsync());

        await A.Hub.SendConnectionsAsync([a.Id, b.Id], "hi", ["both"]);

        Assert.Equal("hi(both)", await a.NextAsync());
        Assert.Equal("hi(both)", await b.NextAsync());
        await AssertNothingAsync(A, other);
    }

    [RedisFact]
    public async Task GroupsUsersAndConnections_OfOneName_AreApart()
    {
        var (user, member) = (await A.ConnectAsync("x"), await B.ConnectAsync("y"));
        await B.Hub.AddToGroupAsync(member.Id, "x");
        await B.Hub.AddToGroupAsync(member.Id, user.Id);

        await A.Hub.SendUserAsync("x", "hi", ["user"]);
        await A.Hub.SendGroupAsync("x", "hi", ["group"]);
        await B.Hub.SendConnectionAsync(user.Id, "hi", ["connection"]);

        Assert.Equal("hi(user)", await user.NextAsync());
        Assert.Equal("hi(connection)", await user.NextAsync());
        Assert.Equal("hi(group)", await member.NextAsync());
        await AssertNothingAsync(A, user, member);
    }

    [RedisFact]
    public async Task Sends_OnOneChannel_ArriveInOrder()
    {
        const int Count = 2000;
        var (a, b) = (await A.ConnectAsync(), await B.ConnectAsync());
        await A.Hub.AddToGroupAsync(a.Id, "g");
        await B.Hub.AddToGroupAsync(b.Id, "g");

        var sends = Enumerable.Range(0, Count).Select(i => A.Hub.SendGroupAsync("g", "n", [$"{i}"])).ToArray();

        for (var i = 0; i < Count; i++)
        {
            Assert.Equal($"n({i})", await a.NextAsync());
            Assert.Equal($"n({i})", await b.NextAsync());
        }

        await Task.WhenAll(sends);
    }

    [RedisFact]
    public async Task Call_IsWrittenDownOncePerProtocol()
    {
        var clients = new List<SignalClient>();
        foreach (var node in new[] { A, B })
        {
            for (var i = 0; i < 3; i++)
            {
                clients.Add(await node.ConnectAsync());
                clients.Add(await node.ConnectAsync(protocol: node.Other));
            }
        }

        await A.Hub.SendAllAsync("hi", ["all"]);

        foreach (var client in clients)
        {
            Assert.Equal("hi(all)", await client.NextAsync());
        }

        Assert.Equal((1, 1, 0, 0), (A.Json.Written, A.Other.Written, B.Json.Written, B.Other.Written));
    }

    [RedisFact]
    public async Task SlowClient_HoldsUpNobody_AndIsAbortedWhenTooMuchWaitsForIt()
    {
        var node = await StartNodeAsync(new SignalLimits { UnsentBytes = 64 * 1024 });
        var (slow, quick) = (await node.ConnectAsync(room: 1024), await node.ConnectAsync());
        var text = new string('x', 1000);

        for (var i = 0; i < 50; i++)
        {
            await A.Hub.SendAllAsync("hi", [text]);
            Assert.Equal($"hi({text})", await quick.NextAsync());
        }

        Assert.False(slow.Context.ConnectionAborted.IsCancellationRequested);
        for (var i = 0; i < 50; i++)
        {
            await A.Hub.SendAllAsync("hi", [text]);
            Assert.Equal($"hi({text})", await quick.NextAsync());
        }

        await slow.AbortedAsync();
    }

    [RedisFact]
    public async Task SlowClient_ThatReadsAgain_GetsEverythingInOrder()
    {
        var slow = await B.ConnectAsync(room: 1024);
        var text = new string('x', 1000);
        for (var i = 0; i < 100; i++)
        {
            await A.Hub.SendAllAsync("hi", [text + i]);
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"hi({text}{i})", await slow.NextAsync());
        }
    }

    [RedisFact]
    public async Task Send_CancelledInTime_SendsNothing()
    {
        var b = await B.ConnectAsync();
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => A.Hub.SendAllAsync("hi", ["all"], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => A.Hub.SendConnectionAsync(b.Id, "hi", ["one"], cancelled));

        await AssertNothingAsync(A, b);
    }
}

[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RedisSendTests(RedisServerFixture redis) : SendSpec(redis)
{
    // Redis's own promise; Garnet keeps the order of each node only.
    [RedisFact]
    public async Task Sends_FromBothNodes_ArriveInOneOrderEverywhere()
    {
        const int Count = 500;
        var (a, b) = (await A.ConnectAsync(), await B.ConnectAsync());
        await A.Hub.AddToGroupAsync(a.Id, "g");
        await B.Hub.AddToGroupAsync(b.Id, "g");

        var sends = Enumerable.Range(0, Count).SelectMany(i => new[] { A.Hub.SendGroupAsync("g", "a", [$"{i}"]), B.Hub.SendGroupAsync("g", "b", [$"{i}"]) }).ToArray();

        for (var i = 0; i < 2 * Count; i++)
        {
            Assert.Equal(await a.NextAsync(), await b.NextAsync());
        }

        await Task.WhenAll(sends);
    }
}

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetSendTests(GarnetServerFixture redis) : SendSpec(redis);
