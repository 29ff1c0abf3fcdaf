using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis.Internal;
using Xunit;

namespace Chat.Tests.Hubs.Offline;

/// <summary>Results of clients, asked for on their node and on another.</summary>
public abstract class ResultSpec(RedisFixture redis) : SignalSpec(redis)
{
    private static readonly string[] Words = ["a", "b"];

    [RedisFact]
    public async Task Result_ReachesWhoeverAskedForIt()
    {
        var a = await A.ConnectAsync();
        foreach (var node in new[] { A, B })
        {
            var asking = node.Hub.InvokeConnectionAsync<int>(a.Id, "add", ["1 2"], CancellationToken.None);
            await a.AnswerAsync(await a.NextCallAsync(), 3);

            Assert.Equal(3, await asking.WaitAsync(Deadline));
        }

        Assert.Equal((2, 0), (A.Hub.Held, B.Hub.Held)); // the client and its channel
    }

    [RedisFact]
    public async Task Result_OfAClientWithAnotherProtocol_IsReadInThat()
    {
        var a = await A.ConnectAsync(protocol: A.Other);

        var asking = B.Hub.InvokeConnectionAsync<string[]>(a.Id, "split", ["a b"], CancellationToken.None);
        await a.AnswerAsync(await a.NextCallAsync(), Words);

        Assert.Equal(Words, await asking.WaitAsync(Deadline));
    }

    [RedisFact]
    public async Task Result_ThatIsNothing_IsNull()
    {
        var a = await A.ConnectAsync();
        foreach (var node in new[] { A, B })
        {
            var asking = node.Hub.InvokeConnectionAsync<string?>(a.Id, "name", [""], CancellationToken.None);
            await a.AnswerAsync(await a.NextCallAsync());

            Assert.Null(await asking.WaitAsync(Deadline));
        }
    }

    [RedisFact]
    public async Task Client_ThatFails_IsAHubException()
    {
        var a = await A.ConnectAsync();
        foreach (var node in new[] { A, B })
        {
            var asking = node.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], CancellationToken.None);
            await a.AnswerAsync(await a.NextCallAsync(), error: "I can't add.");

            Assert.Equal("I can't add.", (await Assert.ThrowsAsync<HubException>(() => asking.WaitAsync(Deadline))).Message);
        }
    }

    [RedisFact]
    public async Task Result_OfAnotherType_FailsForWhoeverAsked()
    {
        var a = await A.ConnectAsync();

        var asking = B.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], CancellationToken.None);
        await a.AnswerAsync(await a.NextCallAsync(), "no number");

        await Assert.ThrowsAnyAsync<Exception>(() => asking.WaitAsync(Deadline));
        Assert.True(asking.IsFaulted);
        Assert.Equal(0, B.Hub.Held);
    }

    [RedisFact]
    public async Task Client_ThatGoes_OwesNothing()
    {
        foreach (var node in new[] { A, B })
        {
            var a = await A.ConnectAsync();
            var asking = node.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], CancellationToken.None);
            await a.NextCallAsync();
            await a.DisposeAsync();

            var failure = await Assert.ThrowsAsync<IOException>(() => asking.WaitAsync(Deadline));
            Assert.Equal($"Connection {a.Id} has gone without giving the result.", failure.Message);
            Assert.Equal((0, 0), (A.Hub.Held, B.Hub.Held));
        }
    }

    [RedisFact]
    public async Task Client_ThatNobodyHas_IsSaidSoAtOnce()
    {
        var failure = await Assert.ThrowsAsync<IOException>(() => A.Hub.InvokeConnectionAsync<int>("nobody", "add", [""], CancellationToken.None));

        Assert.Equal("No node has connection nobody.", failure.Message);
        Assert.Equal(0, A.Hub.Held);
    }

    [RedisFact]
    public async Task Asking_WhenCancelled_IsForgottenOnBothNodes()
    {
        var a = await A.ConnectAsync();
        var before = A.Hub.Held;
        foreach (var node in new[] { A, B })
        {
            using var cancellation = new CancellationTokenSource();
            var asking = node.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], cancellation.Token);
            var call = await a.NextCallAsync();
            Assert.True(A.Hub.TryGetReturnType(call.InvocationId!, out _));
            await cancellation.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Deadline));
            await Eventually.TrueAsync(() => A.Hub.Held == before && B.Hub.Held == 0);
            Assert.False(A.Hub.TryGetReturnType(call.InvocationId!, out _));
            await A.Hub.SetConnectionResultAsync(a.Id, CompletionMessage.WithResult(call.InvocationId!, 3)); // too late is nothing
        }
    }

    [RedisFact]
    public async Task Result_FromAClientThatWasNotAsked_IsRefused()
    {
        var (a, other) = (await A.ConnectAsync(), await A.ConnectAsync());
        foreach (var node in new[] { A, B })
        {
            var asking = node.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], CancellationToken.None);
            var call = await a.NextCallAsync();

            await Assert.ThrowsAsync<InvalidOperationException>(() => other.AnswerAsync(call, 4));
            await a.AnswerAsync(call, 3);

            Assert.Equal(3, await asking.WaitAsync(Deadline));
        }
    }

    [RedisFact]
    public async Task NodeOfTheClient_WhenItDies_IsMissed()
    {
        var node = await StartNodeAsync(new SignalLimits { ResultCheck = TimeSpan.FromMilliseconds(50) });
        var b = await B.ConnectAsync();

        var asking = node.Hub.InvokeConnectionAsync<int>(b.Id, "add", [""], CancellationToken.None);
        await b.NextCallAsync();
        B.Redis.Close(allowCommandsToComplete: false);

        await Assert.ThrowsAsync<IOException>(() => asking.WaitAsync(Deadline));
        Assert.Equal(0, node.Hub.Held);
    }

    [RedisFact]
    public async Task Client_ThatTakesItsTime_IsWaitedFor()
    {
        var node = await StartNodeAsync(new SignalLimits { ResultCheck = TimeSpan.FromMilliseconds(10) });
        var b = await B.ConnectAsync();
        using var listener = new RedisClient(Server.Port);
        listener.Execute("SUBSCRIBE", Channels.Connection(b.Id));

        var asking = node.Hub.InvokeConnectionAsync<int>(b.Id, "add", [""], CancellationToken.None);
        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(listener.Receive()); // the call, and then questions whether it is still there
        }

        await b.AnswerAsync(await b.NextCallAsync(), 3);

        Assert.Equal(3, await asking.WaitAsync(Deadline));
    }

    [RedisFact]
    public async Task Hub_WhenItEnds_LetsNobodyWait()
    {
        var a = await A.ConnectAsync();
        var local = A.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], CancellationToken.None);
        var remote = B.Hub.InvokeConnectionAsync<int>(a.Id, "add", [""], CancellationToken.None);
        await a.NextCallAsync();
        await a.NextCallAsync();

        A.Hub.Dispose();
        B.Hub.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => local.WaitAsync(Deadline));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => remote.WaitAsync(Deadline));
    }
}

[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RedisResultTests(RedisServerFixture redis) : ResultSpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetResultTests(GarnetServerFixture redis) : ResultSpec(redis);
