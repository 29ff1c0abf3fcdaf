using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>Joining and leaving, on the connection's node and from another.</summary>
public abstract class GroupSpec(RedisFixture redis) : SignalSpec(redis)
{
    [RedisFact]
    public async Task Join_AskedForOnAnotherNode_HoldsWhenItReturns()
    {
        var b = await B.ConnectAsync();

        await A.Hub.AddToGroupAsync(b.Id, "g");
        await A.Hub.SendGroupAsync("g", "hi", ["group"]);

        Assert.Equal("hi(group)", await b.NextAsync());
    }

    [RedisFact]
    public async Task Leave_AskedForOnAnotherNode_HoldsWhenItReturns()
    {
        var (b, other) = (await B.ConnectAsync(), await B.ConnectAsync());
        await B.Hub.AddToGroupAsync(b.Id, "g");
        await B.Hub.AddToGroupAsync(other.Id, "g");

        await A.Hub.RemoveFromGroupAsync(b.Id, "g");
        await A.Hub.SendGroupAsync("g", "hi", ["group"]);

        Assert.Equal("hi(group)", await other.NextAsync());
        await AssertNothingAsync(A, b);
    }

    [RedisFact]
    public async Task Join_Twice_IsUndoneByOneLeave()
    {
        var b = await B.ConnectAsync();
        await B.Hub.AddToGroupAsync(b.Id, "g");
        await A.Hub.AddToGroupAsync(b.Id, "g");

        await A.Hub.SendGroupAsync("g", "hi", ["once"]);
        Assert.Equal("hi(once)", await b.NextAsync());
        await B.Hub.RemoveFromGroupAsync(b.Id, "g");
        await A.Hub.SendGroupAsync("g", "hi", ["never"]);

        await AssertNothingAsync(A, b);
        Assert.Equal([Channels.Connection(b.Id)], Subscribed());
    }

    [RedisFact]
    public async Task LastMember_WhenItLeaves_EndsTheSubscription()
    {
        var (first, second) = (await A.ConnectAsync(), await A.ConnectAsync());
        await A.Hub.AddToGroupAsync(first.Id, "g");
        await A.Hub.AddToGroupAsync(second.Id, "g");

        await A.Hub.RemoveFromGroupAsync(first.Id, "g");
        Assert.Contains(Channels.Group("g"), Subscribed());
        await A.Hub.RemoveFromGroupAsync(second.Id, "g");
        Assert.DoesNotContain(Channels.Group("g"), Subscribed());
        await A.Hub.AddToGroupAsync(first.Id, "g");
        await B.Hub.SendGroupAsync("g", "hi", ["again"]);

        Assert.Equal("hi(again)", await first.NextAsync());
    }

    [RedisFact]
    public async Task Leave_OfAGroupItIsNotIn_IsNothing()
    {
        var a = await A.ConnectAsync();

        await A.Hub.RemoveFromGroupAsync(a.Id, "g");
        await B.Hub.RemoveFromGroupAsync(a.Id, "g");

        Assert.Equal([Channels.Connection(a.Id)], Subscribed());
    }

    [RedisFact]
    public async Task Connection_ThatNobodyHas_IsSaidSoAtOnce()
    {
        var join = await Assert.ThrowsAsync<TaskCanceledException>(() => A.Hub.AddToGroupAsync("nobody", "g"));
        var leave = await Assert.ThrowsAsync<TaskCanceledException>(() => A.Hub.RemoveFromGroupAsync("nobody", "g"));

        Assert.Equal("No node has connection nobody.", join.Message);
        Assert.Equal("No node has connection nobody.", leave.Message);
        Assert.Equal(0, A.Hub.Held);
    }

    [RedisFact]
    public async Task Node_ThatDoesNotAnswer_IsWaitedForNoLongerThanItMayTake()
    {
        var node = await StartNodeAsync(new SignalLimits { AnswerCheck = TimeSpan.FromMilliseconds(10), NodeAnswer = TimeSpan.FromMilliseconds(50) });
        using var deaf = new RedisClient(Server.Port);
        deaf.Execute("SUBSCRIBE", Channels.Connection("x"));

        var failure = await Assert.ThrowsAsync<TaskCanceledException>(() => node.Hub.AddToGroupAsync("x", "g"));

        Assert.Equal("No node answered for connection x within 0.05 s.", failure.Message);
        Assert.Equal(0, node.Hub.Held);
    }

    [RedisFact]
    public async Task Waiting_ForANodeThatDoesNotAnswer_EndsWhenCancelled()
    {
        using var deaf = new RedisClient(Server.Port);
        deaf.Execute("SUBSCRIBE", Channels.Connection("x"));
        using var cancellation = new CancellationTokenSource();

        var joining = A.Hub.AddToGroupAsync("x", "g", cancellation.Token);
        Assert.NotNull(deaf.Receive()); // it has been asked
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining.WaitAsync(Deadline));
        Assert.Equal(0, A.Hub.Held);
    }

    [RedisFact]
    public async Task Disconnecting_LeavesNothingBehind()
    {
        var (first, second) = (await A.ConnectAsync("anna"), await A.ConnectAsync("anna"));
        foreach (var group in new[] { "g", "h", "i" })
        {
            await A.Hub.AddToGroupAsync(first.Id, group);
            await B.Hub.AddToGroupAsync(second.Id, group);
        }

        await first.DisconnectAsync();
        Assert.Equal(5, Subscribed().Length);
        await second.DisconnectAsync();
        await second.DisconnectAsync(); // again is nothing

        Assert.Empty(Subscribed());
        Assert.Equal((0, 0), (A.Hub.Held, B.Hub.Held));
    }

    [RedisFact]
    public async Task Disconnecting_WhileJoining_LeavesNothingBehind()
    {
        var node = await StartNodeAsync(new SignalLimits { AnswerCheck = TimeSpan.FromMilliseconds(10) });
        for (var round = 0; round < 50; round++)
        {
            var client = await A.ConnectAsync("anna");
            var joins = Enumerable.Range(0, 8).Select(i => OutcomeAsync((i % 2 == 0 ? A : node).Hub.AddToGroupAsync(client.Id, $"g{i / 4}"))).ToArray();
            client.Context.Abort();
            await client.DisconnectAsync();
            await Task.WhenAll(joins);
            await OutcomeAsync(A.Hub.AddToGroupAsync(client.Id, "late"));
        }

        Assert.Empty(Subscribed());
        Assert.Equal((0, 0), (A.Hub.Held, node.Hub.Held));
    }

    [RedisFact]
    public async Task JoiningAndLeaving_ByManyAtOnce_EndsAsTheLastOfEachSaid()
    {
        var clients = new List<SignalClient>();
        for (var i = 0; i < 10; i++)
        {
            clients.Add(await B.ConnectAsync());
        }

        await Task.WhenAll(clients.Select(async (client, number) =>
        {
            for (var i = 0; i < 20; i++)
            {
                await A.Hub.AddToGroupAsync(client.Id, "g");
                await B.Hub.RemoveFromGroupAsync(client.Id, "g");
            }

            if (number % 2 == 0)
            {
                await A.Hub.AddToGroupAsync(client.Id, "g");
            }
        }));
        await A.Hub.SendGroupAsync("g", "hi", ["members"]);

        foreach (var member in clients.Where((_, number) => number % 2 == 0))
        {
            Assert.Equal("hi(members)", await member.NextAsync());
        }

        await AssertNothingAsync(A, [.. clients.Where((_, number) => number % 2 != 0)]);
    }

    [RedisFact]
    public async Task Groups_DoNotWaitForEachOther()
    {
        var held = new HeldSubscriptions(Channels.Group("held"));
        var node = await StartNodeAsync(wrap: held.Wrap);
        var (client, other) = (await node.ConnectAsync(), await node.ConnectAsync());

        var first = node.Hub.AddToGroupAsync(client.Id, "held");
        var second = node.Hub.AddToGroupAsync(other.Id, "held");
        await node.Hub.AddToGroupAsync(client.Id, "g").WaitAsync(Deadline);
        Assert.False(first.IsCompleted || second.IsCompleted);
        held.Release();
        await Task.WhenAll(first, second).WaitAsync(Deadline);
        await A.Hub.SendGroupAsync("held", "hi", ["group"]);

        Assert.Equal("hi(group)", await client.NextAsync());
        Assert.Equal("hi(group)", await other.NextAsync());
    }

    [RedisFact]
    public async Task Join_WaitingForAnother_EndsWhenCancelled_AndHasNotHappened()
    {
        var held = new HeldSubscriptions(Channels.Group("held"));
        var node = await StartNodeAsync(wrap: held.Wrap);
        var (client, other) = (await node.ConnectAsync(), await node.ConnectAsync());
        using var cancellation = new CancellationTokenSource();

        var first = node.Hub.AddToGroupAsync(client.Id, "held");
        var second = node.Hub.AddToGroupAsync(other.Id, "held", cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(Deadline));
        held.Release();
        await first.WaitAsync(Deadline);
        await A.Hub.SendGroupAsync("held", "hi", ["group"]);

        Assert.Equal("hi(group)", await client.NextAsync());
        await AssertNothingAsync(A, other);
    }

    private static async Task OutcomeAsync(Task joining)
    {
        try
        {
            await joining.WaitAsync(Deadline);
        }
        catch (TaskCanceledException)
        {
            // The connection had gone.
        }
    }
}

[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RedisGroupTests(RedisServerFixture redis) : GroupSpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetGroupTests(GarnetServerFixture redis) : GroupSpec(redis);
