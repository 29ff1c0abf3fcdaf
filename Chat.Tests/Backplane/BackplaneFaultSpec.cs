using System.Diagnostics;
using System.Text.RegularExpressions;
using Chat.Api.Admissions;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Nodes;
using Chat.Api.Redis;
using Chat.Api.Redis.Resp;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>The backplane's promises when the server, or the connection to it, fails.</summary>
public abstract class BackplaneFaultSpec(RedisFixture redis) : RedisBackplaneSpec(redis)
{
    [RedisFact]
    public async Task Server_WhenKilledAndRestarted_FailsPublishesFastAndIsHeardAgain()
    {
        var topic = NewTopic();
        await A.Backplane.SubscribeAsync(topic);
        await Server.KillAsync();
        try
        {
            var asked = Stopwatch.StartNew();
            Assert.False((await B.PublishAsync(topic, "lost", id: "m1")).IsPublished);
            Assert.True(asked.Elapsed < TimeSpan.FromSeconds(5), $"It took {asked.Elapsed} to say no."); // a command may take 10 s here
            await A.ReadyAsync(false);
            await Assert.ThrowsAsync<Chat.Api.Backplane.BackplaneUnavailableException>(() => A.Backplane.SubscribeAsync(NewTopic()));
        }
        finally
        {
            await Server.RestartAsync();
        }

        await A.Listener.RestoredAsync();
        Assert.Equal(1, (await B.PublishAnyhowAsync(topic, "kept", "m1")).Offset);
        Assert.Equal("kept", (await A.Listener.NextAsync()).Msg);
    }

    [RedisFact]
    public async Task Server_WhenPaused_MakesTheNodeUnreadyAndLosesNothing()
    {
        var node = await StartNodeAsync(RedisBackplaneNode.FastOptions());
        var topic = NewTopic();
        await node.Backplane.SubscribeAsync(topic);
        Server.Pause();
        try
        {
            Assert.False((await node.PublishAsync(topic, "hi", id: "m1")).IsPublished); // it may have been published, for all the node knows
            await node.ReadyAsync(false);
        }
        finally
        {
            Server.Resume();
        }

        var outcome = await node.PublishAnyhowAsync(topic, "hi", "m1");
        await node.ReadyAsync();
        Assert.Single(await A.ReadAsync(topic, outcome.Epoch, 0));
    }

    [RedisFact]
    public async Task Subscriptions_WhenTheyGoDeaf_AreMadeAnew()
    {
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(RedisBackplaneNode.FastOptions(), at: proxy.ConnectionString);
        var topic = NewTopic();
        await node.Backplane.SubscribeAsync(topic);

        proxy.Deafen(where: sent => sent.Contains("SUBSCRIBE", StringComparison.Ordinal));
        await node.ReadyAsync(false);
        await node.Listener.RestoredAsync();
        await B.PublishAsync(topic, "hi");

        Assert.Equal("hi", (await node.Listener.NextAsync()).Msg);
        await node.ReadyAsync();
    }

    // Its other subscriptions deliver messages all the while, so the link is anything but silent.
    [RedisFact]
    public async Task Subscriptions_ThatLostTheTicksChannelAlone_AreMadeAnew()
    {
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(RedisBackplaneNode.FastOptions(), at: proxy.ConnectionString);
        var topic = NewTopic();
        await node.Backplane.SubscribeAsync(topic);

        _ = proxy.SwallowAsync("tick:", times: int.MaxValue); // on the present connections
        var restored = node.Listener.RestoredAsync();
        while (!restored.IsCompleted)
        {
            await B.PublishAsync(topic, "hi");
            await Task.WhenAny(restored, node.Listener.NextAsync());
        }

        await restored;
        await node.ReadyAsync();
    }

    // The node once waited forever for that confirmation and was not ready.
    [RedisFact]
    public async Task Subscriptions_OfWhichOneIsNotConfirmed_WhenTheyAreMadeAnew_AreMadeOnceMore()
    {
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(RedisBackplaneNode.FastOptions(), at: proxy.ConnectionString);
        await node.ReadyAsync();

        var swallowed = proxy.SwallowConfirmationAsync("tick:");
        proxy.Cut();
        await swallowed.WaitAsync(BackplaneNode.Deadline);
        await node.Listener.RestoredAsync();

        await node.ReadyAsync();
    }

    [RedisFact]
    public async Task Topic_ThatBecameQuiet_IsToldToEveryNode_ItsOwnAndThoseThatHearRemovalsOnly()
    {
        var (message, removal) = (NewTopic(), NewTopic());

        var said = await A.PublishAsync(message, "hi");
        var left = await A.PublishAsync(removal, "1", isRemoval: true);
        await A.PublishAsync(NewTopic(), "", signal: "typing"); // a signal is in no log

        foreach (var node in new[] { A, B })
        {
            var heads = new HashSet<string>(); // a set, since each head is told twice
            while (heads.Count < 2)
            {
                heads.Add(await node.Listener.NextHeadAsync());
            }

            Assert.Equal(new HashSet<string> { $"{message} {said.Epoch}:1", $"{removal} {left.Epoch}:1" }, heads);
        }
    }

    [RedisFact]
    public async Task Subscribing_WhenNobodyConfirms_FailsInTimeAndLeavesNothing()
    {
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(RedisBackplaneNode.FastOptions(), at: proxy.ConnectionString);
        var topic = NewTopic();

        proxy.Deafen(where: sent => sent.Contains("SUBSCRIBE", StringComparison.Ordinal));
        await Assert.ThrowsAsync<Chat.Api.Backplane.BackplaneUnavailableException>(() => node.Backplane.SubscribeAsync(topic));
        await node.Listener.RestoredAsync();

        await Eventually.TrueAsync(async () => await A.Backplane.CountSubscribersAsync(topic) == 0);
        await node.Backplane.SubscribeAsync(topic);
        Assert.Equal(1, await A.Backplane.CountSubscribersAsync(topic));
    }

    /// <summary>Once everybody waited behind a backlog in a single line, even the node's own commands.</summary>
    [RedisFact]
    public async Task Publishes_OfAUserWhoFloods_LetThoseOfOthersAndTheNodesOwnCommandsPass()
    {
        const int Flood = 100;
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(at: proxy.ConnectionString);
        var (flooded, quiet) = (NewTopic(), NewTopic());
        await A.Backplane.SubscribeAsync(flooded);
        await A.Backplane.SubscribeAsync(quiet);

        proxy.Hold();
        var flood = Enumerable.Range(0, Flood).Select(_ => node.PublishAsync(flooded, new string('x', 32 * 1024), from: "flooder")).ToArray();
        var stranger = node.PublishAsync(quiet, "hi", from: "stranger");
        var read = node.Backplane.ReadAsync(flooded, "", 0, 0);
        proxy.Release();

        var before = 0;
        while ((await A.Listener.NextAsync()).Topic != quiet.Name)
        {
            before++;
        }

        Assert.InRange(before, 0, 15); // the messages already under way, and one turn
        Assert.InRange((await read).Last, 0, 15);
        Assert.True((await stranger).IsPublished);
        Assert.All(await Task.WhenAll(flood), outcome => Assert.True(outcome.IsPublished));
    }

    /// <summary>Publishes that miss their script are sent again, while later ones find it.</summary>
    [RedisFact]
    public async Task Scripts_FlushedInTraffic_LeaveAUsersMessagesInTheirOrder()
    {
        var topic = NewTopic();
        using var flushes = new RedisClient(Server.Port);
        var outcomes = await OrderedTraffic.PublishAsync(A, topic, () =>
        {
            flushes.Send("SCRIPT", "FLUSH");
            flushes.Receive();
            return Task.CompletedTask;
        });

        Assert.All(outcomes, outcome => Assert.True(outcome.IsPublished));
        OrderedTraffic.AssertInOrder(outcomes);
    }

    // Overlapping reconnects have made other client libraries lose subscriptions for good.
    [RedisFact]
    public async Task Connections_DroppedTwiceInHalfASecond_LeaveNoTopicDeaf()
    {
        const int Topics = 1000;
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(at: proxy.ConnectionString);
        var topics = Enumerable.Range(0, Topics).Select(_ => NewTopic()).ToArray();
        await Task.WhenAll(topics.Select(node.Backplane.SubscribeAsync));

        proxy.Cut();
        using (var half = new PeriodicTimer(TimeSpan.FromMilliseconds(250)))
        {
            await half.WaitForNextTickAsync(); // the timing matters: it is in the middle of the first recovery
        }

        proxy.Cut();
        var deaf = topics.ToDictionary(topic => topic.Name);
        await Eventually.TrueAsync(async () =>
        {
            var outcomes = await Task.WhenAll(deaf.Values.Select(topic => B.PublishAsync(topic, "hi")));
            Assert.All(outcomes, outcome => Assert.True(outcome.IsPublished));
            await node.ReadyAsync();
            while (node.Listener.TryNext(out var heard))
            {
                deaf.Remove(heard.Topic);
            }

            return deaf.Count == 0;
        });
    }
}

[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RedisBackplaneTests(RedisServerFixture redis) : BackplaneFaultSpec(redis);

/// <summary>Garnet ends a connection that publishes, from a script, to a channel of its own under RESP3.</summary>
[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class Resp3BackplaneTests(RedisServerFixture redis) : RedisBackplaneSpec(redis)
{
    private protected override string With => ",protocol=resp3";
}

/// <summary>Sharded channels on a single server, which owns every slot.</summary>
[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class ShardedBackplaneTests(RedisServerFixture redis) : RedisBackplaneSpec(redis)
{
    private protected override PubSubKind PubSub => PubSubKind.Sharded;

    // The node's own channels, over the other link, keep working.
    [RedisFact]
    public async Task Subscriptions_OfTopicsAlone_WhenTheyGoDeaf_AreMadeAnewAndTopicsCatchUp()
    {
        await using var proxy = new RedisProxy(Server);
        var node = await StartNodeAsync(RedisBackplaneNode.FastOptions(), at: proxy.ConnectionString);
        var topic = NewTopic();
        await node.Backplane.SubscribeAsync(topic);

        proxy.Deafen(where: sent => sent.Contains("SSUBSCRIBE", StringComparison.Ordinal));
        await node.ReadyAsync(false);
        var missed = await B.PublishAsync(topic, "missed");
        Assert.Equal(topic.Name, await node.Listener.NextRestoredAsync());
        await B.PublishAsync(topic, "hi");

        Assert.Equal("hi", (await node.Listener.NextAsync()).Msg);
        Assert.Equal(["missed", "hi"], (await node.ReadAsync(topic, missed.Epoch, 0)).Select(message => message.Msg));
        await node.ReadyAsync();
    }

    [RedisFact]
    public async Task Server_WithoutShardedChannels_GetsNothing_AndTheLogSaysWhy()
    {
        await using var old = await RedisServer.StartAsync(RedisKind.Redis, persists: false, "--rename-command", "SPUBLISH", "");
        var logger = new RecordingLogger<RedisBackplane>();
        var options = RedisBackplaneNode.FastOptions();
        using var commands = new RedisCommands(
            RedisEndpoint.Parse(old.ConnectionString) with { ShardedChannel = "probe"u8.ToArray() }, options, new RedisKeys("", PubSubKind.Sharded), [], static () => { }, logger);
        var said = logger.NextAsync("takes no SPUBLISH");
        commands.Start();

        await said.WaitAsync(BackplaneNode.Deadline);
        Assert.False(commands.IsUp);
    }

    [RedisFact]
    public async Task Server_ThatForgetsKeysWhenItIsFull_IsSaid_AndOneThatRefusesIsNot()
    {
        await using var server = await RedisServer.StartAsync(RedisKind.Redis, persists: false, "--maxmemory", "1gb");
        Assert.Empty(await WarningsAsync());
        server.Execute("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
        Assert.Contains("maxmemory-policy volatile-lru", Assert.Single(await WarningsAsync()), StringComparison.Ordinal);
        server.Execute("CONFIG", "SET", "maxmemory", "0");
        Assert.Empty(await WarningsAsync());

        async Task<string[]> WarningsAsync()
        {
            var logger = new RecordingLogger<RedisBackplane>();
            using var commands = new RedisCommands(
                RedisEndpoint.Parse(server.ConnectionString), RedisBackplaneNode.FastOptions(), new RedisKeys(""), RedisUserPlaces.Scripts, static () => { }, logger);
            commands.Start();
            await Eventually.TrueAsync(() => commands.IsUp);
            await new RedisUserPlaces(commands, new RedisKeys(""), new NodeIdentity(TimeProvider.System)).CountConnectionsAsync(Topic.User("anna"), []); // its answer comes after those of all earlier requests
            return [.. logger.Lines.Where(static line => line.StartsWith("Warning", StringComparison.Ordinal))];
        }
    }

    // The ACL of the node's login lacks a permission. Once the node was ready in that case, everybody was refused, and nothing was logged.
    [RedisFact]
    public async Task Server_ThatRefusesCommands_IsSaid_WithItsReason()
    {
        await using var server = await RedisServer.StartAsync();
        foreach (var lacking in (string[])["evalsha", "script|load"])
        {
            server.Execute("SCRIPT", "FLUSH");
            server.Execute("ACL", "SETUSER", "chat", "reset", "on", ">word", "~*", "&*", "+@all", "-" + lacking);
            var logger = new RecordingLogger<RedisBackplane>();
            using var commands = new RedisCommands(
                RedisEndpoint.Parse(server.ConnectionString + ",user=chat,password=word"), RedisBackplaneNode.FastOptions(), new RedisKeys(""), RedisUserPlaces.Scripts, static () => { }, logger);
            var places = new RedisUserPlaces(commands, new RedisKeys(""), new NodeIdentity(TimeProvider.System));
            commands.Start();
            await Eventually.TrueAsync(() => commands.IsUp);

            await Assert.ThrowsAsync<BackplaneUnavailableException>(() => places.CountConnectionsAsync(Topic.User("anna"), []));
            commands.LookAfterLinks();

            Assert.Matches($"^Warning: .* refused .*NOPERM.*{Regex.Escape(lacking)}", Assert.Single(logger.Lines, static line => line.Contains("refused", StringComparison.Ordinal)));
        }
    }
}

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetBackplaneTests(GarnetServerFixture redis) : BackplaneFaultSpec(redis);
