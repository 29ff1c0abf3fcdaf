using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>A Redis that begins another life: with everything it had acknowledged, with less, or without its scripts.</summary>
[Collection(RedisServerGroup.Name)]
public sealed class RedisLifeTests
{
    private readonly Topic _topic = Topic.Group(Guid.NewGuid().ToString("N"));

    [RedisFact]
    public Task Redis_RestartedWithAllItHad_GoesOn() => RestartWithAllAsync(RedisKind.Redis);

    [Fact]
    public Task Garnet_RestartedWithAllItHad_GoesOn() => RestartWithAllAsync(RedisKind.Garnet);

    [RedisFact]
    public async Task Redis_ThatCameBackOlder_KeepsWhatItAcknowledgesFromThenOn_AndEveryNodeIsTold()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        await using var b = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        var kept = await a.PublishAsync(_topic, "kept", id: "m1");
        server.Execute("SAVE");
        var lost = await a.PublishAsync(_topic, "lost", id: "m2"); // nobody listens, so no reader's position reveals the loss

        await server.KillAsync();
        await server.RestartAsync();
        var next = await b.PublishAnyhowAsync(_topic, "next", "m3");

        Assert.Equal(await a.Listener.NextBrokenAsync(), await b.Listener.NextBrokenAsync());
        Assert.Equal((lost.Offset, true), (next.Offset, next.Epoch != lost.Epoch));
        var resumed = await b.Backplane.ReadAsync(_topic, kept.Epoch, kept.Offset, 10);
        Assert.Equal((kept.Offset, false), (resumed.Common, resumed.Continues(kept.Offset)));
        await a.PublishAsync(_topic, "more");
        await b.Backplane.ReadAsync(_topic, lost.Epoch, lost.Offset, 10);
        Assert.Equal(["kept", "next", "more"], (await a.ReadAsync(_topic, next.Epoch, 0)).Select(heard => heard.Msg));
    }

    // The last acknowledgement was for a message that had been there for long. Messages acknowledged before it are lost all the same.
    [RedisFact]
    public async Task Redis_ThatLostWhatWasAcknowledgedBeforeARepetition_IsFound()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        await a.PublishAsync(_topic, "kept", id: "m1");
        server.Execute("SAVE");
        await a.PublishAsync(_topic, "lost", id: "m2");
        await a.PublishAsync(_topic, "kept", id: "m1");

        await server.KillAsync();
        await server.RestartAsync();

        await a.Listener.NextBrokenAsync();
    }

    // Nobody used the topic between the life that lost something and a later one that did not, so the topic has no epoch from the former.
    [RedisFact]
    public async Task Loss_IsToldToWhoComesBack_FurtherLivesLater()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        var kept = await a.PublishAsync(_topic, "kept", id: "m1");
        server.Execute("SAVE");
        await a.PublishAsync(_topic, "lost", id: "m2");
        await server.KillAsync();
        await server.RestartAsync();
        await a.Listener.NextBrokenAsync();
        var between = await a.PublishAnyhowAsync(Topic.Group("another"), "between", "m3");
        await Eventually.TrueAsync(() => server.Execute("SMEMBERS", "{lives}:broken") is object?[] lives && lives.OfType<string>().Any(life => life.Contains('@', StringComparison.Ordinal)));
        server.Execute("SAVE");
        await server.KillAsync();
        await server.RestartAsync();
        await a.ReadyAsync();
        await using var b = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        await b.Listener.NextBrokenAsync(); // it was away during the loss, and is told of it

        Assert.False((await b.Backplane.ReadAsync(_topic, kept.Epoch, kept.Offset, 10)).Continues(kept.Offset));
        Assert.True((await b.Backplane.ReadAsync(Topic.Group("another"), between.Epoch, between.Offset, 10)).Continues(between.Offset));
    }

    // A message that was still there in the first life after its acknowledgement must be there in the next life as well.
    [RedisFact]
    public async Task Redis_ThatKeptAllOnce_AndCameBackOlderThen_IsFound()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        await a.PublishAsync(_topic, "kept", id: "m1");
        server.Execute("SAVE");
        var dump = Path.Combine((string)((object?[])server.Execute("CONFIG", "GET", "dir")!)[1]!, "dump.rdb");
        File.Copy(dump, dump + ".older");
        await a.PublishAsync(_topic, "lost", id: "m2");
        server.Execute("SAVE");
        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await a.ReadAsync(_topic, "", 0)).Length == 0; // answered by the new life
            }
            catch (BackplaneUnavailableException)
            {
                return false;
            }
        });
        Assert.False(a.Listener.HeardOfABrokenLife);

        await server.KillAsync();
        File.Copy(dump + ".older", dump, overwrite: true);
        await server.RestartAsync();

        await a.Listener.NextBrokenAsync();
    }

    // Its connections stay open meanwhile, but its data become those of another server.
    [RedisFact]
    public async Task Redis_DemotedAndPromotedInPlace_IsAnotherLife()
    {
        await using var server = await RedisServer.StartAsync();
        await using var other = await RedisServer.StartAsync();
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        var first = await a.PublishAsync(_topic, "first", id: "m1");

        server.Execute("REPLICAOF", "127.0.0.1", $"{other.Port}");
        await a.ReadyAsync(ready: false); // nothing can be written there
        await Eventually.TrueAsync(() => server.Execute("EXISTS", $"{{{_topic}}}:meta") is 0L);
        Assert.False((await a.PublishAsync(_topic, "second", id: "m2")).IsPublished);
        server.Execute("REPLICAOF", "NO", "ONE");

        await a.Listener.NextBrokenAsync();
        var second = await a.PublishAnyhowAsync(_topic, "second", "m2");
        Assert.NotEqual(first.Epoch, second.Epoch);
    }

    [RedisFact]
    public async Task Replica_PromotedBeforeItHadEverything_IsFound()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync(RedisKind.Redis, persists: false, "--replicaof", $"127.0.0.1 {primary.Port}");
        await using var a = await RedisBackplaneNode.StartAsync($"{primary.ConnectionString},{replica.ConnectionString}");
        var kept = await a.PublishAsync(_topic, "kept");
        await Eventually.TrueAsync(() => replica.Execute("HGET", $"{{{_topic}}}:meta", "o") is "1");
        replica.Pause();
        await a.PublishAsync(_topic, "lost");
        await primary.KillAsync();
        replica.Resume();
        replica.Execute("REPLICAOF", "NO", "ONE");

        // The bytes in the replica's socket may have arrived there. Then nothing is lost.
        var next = await a.PublishAnyhowAsync(_topic, "next", "m3");
        if (next.Offset == 2)
        {
            await a.Listener.NextBrokenAsync();
        }

        Assert.Equal("next", (await a.ReadAsync(_topic, next.Epoch, next.Offset - 1)).Single().Msg);
        Assert.NotEqual(kept.Epoch, next.Epoch);
    }

    // The node learns of the new primary before it finds that the old one is no longer a primary. Once it then asked nobody for what it had been acknowledged.
    [RedisFact]
    public async Task PrimaryOfACluster_ReplacedWhileItsLinkIsUp_IsAskedAbout()
    {
        await using var cluster = await RedisCluster.StartAsync(replicas: 1);
        var options = BackplaneNode.PatientOptions();
        options.TickInterval = TimeSpan.FromSeconds(10);
        await using var a = await RedisBackplaneNode.StartAsync(cluster.Servers[0].ConnectionString, options);
        var topics = Enumerable.Range(0, 1000).Select(static i => Topic.Group($"g{i}")).Where(static topic => RedisCluster.OwnerOf(Chat.Api.Redis.RedisSlot.Of(topic.Utf8Name.Span)) == 2).ToArray();
        var replica = cluster.CutReplicaOff(2);
        await a.PublishAnyhowAsync(topics[0], "lost", "m1");

        replica.Execute("CLUSTER", "FAILOVER", "TAKEOVER");
        await Eventually.TrueAsync(() => cluster.Servers[2].Execute("ROLE") is object?[] and ["slave", ..]);
        await a.PublishAnyhowAsync(topics[1], "next", "m2");

        await a.Listener.NextBrokenAsync();
    }

    // Redis then takes a new replication id under open connections, and each node notices at its own tick. Once every message of a node that had noticed, and
    // of one that had not, began another epoch; after eight of these, a node no longer found its last acknowledgement.
    [RedisFact]
    public async Task Redis_ThatGetsItsFirstReplica_BeginsOneEpoch_WhoeverNoticesLater()
    {
        await using var server = await RedisServer.StartAsync();
        var options = BackplaneNode.PatientOptions();
        (options.TickInterval, options.SilenceLimit) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)); // no tick during the test
        await using var late = await RedisBackplaneNode.StartAsync(server.ConnectionString, options);
        await using var early = await RedisBackplaneNode.StartAsync(server.ConnectionString, RedisBackplaneNode.FastOptions());
        var first = await late.PublishAsync(_topic, "first");

        await using var replica = await RedisServer.StartAsync(RedisKind.Redis, persists: false, "--replicaof", $"127.0.0.1 {server.Port}");
        var next = first;
        await Eventually.TrueAsync(async () => (next = await early.PublishAsync(_topic, "next")).IsPublished && next.Epoch != first.Epoch);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(next.Epoch, (await late.PublishAnyhowAsync(_topic, "late", $"l{i}")).Epoch);
            Assert.Equal(next.Epoch, (await late.Backplane.ReadAsync(_topic, first.Epoch, 1, 10)).Epoch);
            Assert.Equal(next.Epoch, (await early.PublishAnyhowAsync(_topic, "early", $"e{i}")).Epoch);
        }
    }

    [RedisFact]
    public async Task Scripts_ForgottenUnderTraffic_AreLoadedOnceEach()
    {
        await using var server = await RedisServer.StartAsync();
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        await a.PublishAsync(_topic, "warm");
        server.Execute("SCRIPT", "FLUSH");
        server.Execute("CONFIG", "RESETSTAT");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => a.PublishAsync(_topic, $"{i}")));

        Assert.All(outcomes, outcome => Assert.True(outcome.IsPublished));
        var stats = (string)server.Execute("INFO", "commandstats")!;
        var loads = stats.Split("cmdstat_script|load:calls=")[1].Split(',')[0];
        Assert.Equal(((string)server.Execute("INFO", "memory")!).Split("number_of_cached_scripts:")[1].Split('\r')[0], loads);
    }

    private async Task RestartWithAllAsync(RedisKind kind)
    {
        await using var server = await RedisServer.StartAsync(kind, persists: true);
        await using var a = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        await using var b = await RedisBackplaneNode.StartAsync(server.ConnectionString);
        var first = await a.PublishAsync(_topic, "first", id: "m1");
        await b.PublishAsync(_topic, "second", id: "m2");

        await server.KillAsync();
        await server.RestartAsync();
        var again = await b.PublishAnyhowAsync(_topic, "first", "m1");
        var third = await a.PublishAnyhowAsync(_topic, "third", "m3");

        Assert.Equal((first.Epoch, first.Offset), (again.Epoch, again.Offset)); // the position that all others have
        Assert.Equal(3, third.Offset);
        Assert.NotEqual(first.Epoch, third.Epoch);
        var page = await a.Backplane.ReadAsync(_topic, first.Epoch, 1, 10);
        Assert.True(page.Continues(2));
        Assert.False(page.Continues(3)); // the third message was never in that epoch
        Assert.Equal(2, page.Envelopes.Count);
        Assert.False(a.Listener.HeardOfABrokenLife || b.Listener.HeardOfABrokenLife);

        // What a node does that was away and does not find an acknowledged message. Clients that have the third message cannot know of that loss.
        server.Execute("SADD", "{lives}:broken", $"{server.Execute("HGET", $"{{{_topic}}}:meta", "l")}@1");
        await b.Listener.NextBrokenAsync();
        var behind = await b.Backplane.ReadAsync(_topic, third.Epoch, third.Offset, 10);
        Assert.Equal((third.Offset, false), (behind.Common, behind.Continues(third.Offset)));
        Assert.False((await b.Backplane.ReadAsync(_topic, first.Epoch, 2, 10)).Continues(2));
        var told = await b.Backplane.ReadAsync(_topic, behind.Epoch, behind.Last, 10);
        Assert.Equal((behind.Epoch, true), (told.Epoch, told.Continues(behind.Last)));
        Assert.Equal((behind.Epoch, 4), await a.PublishAsync(_topic, "fourth") is { IsPublished: true } fourth ? (fourth.Epoch, fourth.Offset) : default);
    }
}
