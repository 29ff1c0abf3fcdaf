using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Backplane;

/// <summary>Which messages a log keeps: by count, by the clock of Redis, by bytes.</summary>
public abstract class LogWindowSpec(RedisFixture redis)
{
    private readonly Topic _topic = Topic.Group(Guid.NewGuid().ToString("N"));

    [RedisFact]
    public async Task Log_InsideItsWindow_KeepsMoreThanItsCount_AndTheirIds()
    {
        await using var node = await StartAsync(log => log.Messages = 10);
        var first = await node.PublishAsync(_topic, "0", id: "m0");

        await PublishAsync(node, 200);

        Assert.Equal(Enumerable.Range(1, 201), await OffsetsAsync(node, first.Epoch));
        Assert.Equal(1, (await node.PublishAsync(_topic, "0", id: "m0")).Offset);
    }

    [RedisFact]
    public async Task Log_OverItsMostMessages_KeepsTheNewest()
    {
        await using var node = await StartAsync(log => (log.Messages, log.MostMessages) = (10, 50));

        var epoch = await PublishAsync(node, 320);

        Assert.Equal(Enumerable.Range(271, 50), await OffsetsAsync(node, epoch));
    }

    [RedisFact]
    public async Task Log_OfLargeMessages_KeepsAboutItsMostBytes()
    {
        await using var node = await StartAsync(log => log.MostBytes = 64 * 1024);

        var epoch = await PublishAsync(node, 200, new string('x', 2000));

        Assert.InRange((await OffsetsAsync(node, epoch)).Length, 20, 42);
    }

    [RedisFact]
    public async Task Log_OlderThanItsWindow_ShrinksToItsCount()
    {
        await using var node = await StartAsync(log => (log.Messages, log.Window) = (10, TimeSpan.FromMilliseconds(400)));

        var epoch = await PublishAsync(node, 320);

        await Eventually.TrueAsync(async () =>
        {
            await PublishAsync(node, 1);
            return (await OffsetsAsync(node, epoch))[0] >= 310;
        });
    }

    [RedisFact]
    public async Task Log_OlderThanItsAge_ForgetsTheOldest()
    {
        await using var node = await StartAsync(log => (log.Age, log.Window) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)));

        var epoch = await PublishAsync(node, 3);

        await Eventually.TrueAsync(async () =>
        {
            await PublishAsync(node, 1);
            return await OffsetsAsync(node, epoch) is [> 3, ..];
        });
    }

    // Users who may join and leave a group, but perhaps not write to it, could once push its messages out of its log within two minutes.
    [RedisFact]
    public async Task Log_OfAGroupThatIsLeftAgainAndAgain_KeepsItsMessages_ButDoesNotGrowForEver()
    {
        const int most = 250;
        await using var node = await StartAsync(log => (log.Messages, log.Window, log.MostRemovals) = (10, TimeSpan.Zero, most));
        var epoch = await PublishAsync(node, 10);

        await LeaveAsync(node, 200);
        Assert.Equal(Enumerable.Range(1, 210), await OffsetsAsync(node, epoch));

        await LeaveAsync(node, most);
        Assert.InRange((long)redis.Server.Execute("LLEN", $"{{{_topic}}}:log")!, most, most + 10 + 32);
    }

    // Age was once measured by the publishing node's clock: one message from a node that was minutes ahead erased the group's log.
    [RedisFact]
    public async Task NodeWithAWrongClock_ErasesNothing()
    {
        await using var right = await StartAsync(log => log.Messages = 300);
        var ahead = new ManualTimeProvider();
        ahead.Advance(TimeSpan.FromDays(20_000));
        await using var wrong = await StartAsync(log => log.Messages = 300, ahead);
        var epoch = await PublishAsync(right, 3);
        var expiry = Expiry();

        for (var i = 0; i < 10; i++)
        {
            await wrong.PublishAsync(_topic, "from the future");
            await right.PublishAsync(_topic, "now");
        }

        Assert.Equal(Enumerable.Range(1, 23), await OffsetsAsync(right, epoch));
        Assert.True(Expiry() <= expiry, "Each change of the node renewed what is to be renewed four times an age.");
    }

    // The position of a topic that was only listened to once lasted a day. On the next day its members were told of a hole.
    [RedisFact]
    public async Task Position_OfATopicThatANodeHolds_DoesNotExpire()
    {
        await using var node = await StartAsync(_ => { });
        await node.Backplane.ReadAsync(_topic, "", 0, 0);
        var meta = $"{{{_topic}}}:meta";
        var day = (long)TimeSpan.FromDays(1).TotalMilliseconds;
        Assert.InRange((long)redis.Server.Execute("PTTL", meta)!, 1, day);
        var clock = new ManualTimeProvider();
        var keeper = node.PositionKeeper(clock);
        node.Listener.Held = [_topic];

        clock.Advance(TimeSpan.FromHours(6));
        keeper.Renew();
        await Eventually.TrueAsync(() => redis.Server.Execute("PTTL", meta) is long left && left > day);

        redis.Server.Execute("PEXPIRE", meta, "1000000");
        keeper.Renew();
        await node.PublishAsync(Topic.Group("other"), "behind it");
        Assert.InRange((long)redis.Server.Execute("PTTL", meta)!, 1, 1_000_000); // not renewed within the next six hours
    }

    // Who deletes hundreds of messages must not push as many out of the log.
    [RedisFact]
    public async Task Deletions_DoNotCountAsMessages()
    {
        await using var node = await StartAsync(log => (log.Messages, log.Window) = (100, TimeSpan.Zero));
        var epoch = await PublishAsync(node, 100);

        Assert.All(await Task.WhenAll(Enumerable.Range(1, 60).Select(offset => node.DeleteAsync(_topic, epoch, offset))), notice => Assert.Equal(epoch, notice.Epoch));
        await PublishAsync(node, 32);

        Assert.InRange((await OffsetsAsync(node, epoch)).Length, 160, 192);
    }

    private long Expiry() => (long)redis.Server.Execute("PEXPIRETIME", $"{{{_topic}}}:log")!;

    private Task<RedisBackplaneNode> StartAsync(Action<LogOptions> configure, TimeProvider? time = null)
    {
        var options = BackplaneNode.PatientOptions();
        configure(options.Group);
        return RedisBackplaneNode.StartAsync(redis.Server.ConnectionString, options, time);
    }

    private async Task<string> PublishAsync(RedisBackplaneNode node, int count, string msg = "hi")
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => node.PublishAsync(_topic, msg)));
        Assert.All(outcomes, outcome => Assert.True(outcome.IsPublished));
        return outcomes[0].Epoch;
    }

    private async Task LeaveAsync(RedisBackplaneNode node, int count) =>
        Assert.All(await Task.WhenAll(Enumerable.Range(0, count).Select(_ => node.PublishAsync(_topic, "1", isRemoval: true))), outcome => Assert.True(outcome.IsPublished));

    private async Task<int[]> OffsetsAsync(RedisBackplaneNode node, string epoch) =>
        [.. (await node.ReadAsync(_topic, epoch, 0)).Select(heard => (int)heard.Offset)];
}

[Collection(RedisServerGroup.Name)]
[RunsOn(RedisKind.Redis)]
public sealed class RedisLogWindowTests(RedisServerFixture redis) : LogWindowSpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetLogWindowTests(GarnetServerFixture redis) : LogWindowSpec(redis);
