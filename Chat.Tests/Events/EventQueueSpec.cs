using System.Globalization;
using System.Text;
using Chat.Api.Events;
using Chat.Api.Messages;
using Chat.Api.Redis;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using StackExchange.Redis;
using Xunit;

namespace Chat.Tests.Events;

/// <summary>The promises about waiting events, on every kind of server.</summary>
public abstract class EventQueueSpec(RedisFixture redis) : IAsyncLifetime
{
    private const int Most = 5;

    private static int clusters;

    private readonly string _prefix = $"events{Interlocked.Increment(ref clusters)}:";
    private readonly Topic _group = Topic.Group("told{1}:"); // characters with a meaning in keys
    private readonly Topic _anna = Topic.User("anna");
    private RedisBackplaneNode? _started;

    private RedisBackplaneNode Node => _started!;

    public async Task InitializeAsync()
    {
        if (redis is GarnetServerFixture || RedisCommandLine.WhyNoRedis is null)
        {
            _started = await RedisBackplaneNode.StartAsync(redis.Server.ConnectionString, prefix: _prefix, events: new EventRules
            {
                Messages = [Pattern("group:told*")],
                Presence = [Pattern("group:told*")],
                Online = true,
                Memberships = true,
                QueueLength = Most,
                QueueBytes = 4096,
            });
        }
    }

    public async Task DisposeAsync() => await (_started?.DisposeAsync() ?? ValueTask.CompletedTask);

    [RedisFact]
    public async Task Message_OfATopicThatIsTold_WaitsThereInOrder_AndTheTopicIsMarked()
    {
        await Node.PublishAsync(_group, "one", "m1");
        await Node.PublishAsync(_group, "two");
        await Node.PublishAsync(_group, "one", "m1"); // the same message again
        await Node.PublishAsync(_group, "typing", signal: "typing");
        await Node.PublishAsync(_group, "7", "x:left:1", isRemoval: true);

        Assert.Equal(["one", "two"], await MessagesAsync(_group));
        Assert.Equal(_group, Assert.Single(await MarkedAsync(_group)).Topic);
    }

    [RedisFact]
    public async Task Deletion_OfATopicThatIsTold_WaitsBehindItsMessage()
    {
        var said = await Node.PublishAsync(_group, "one", "m1");
        await Node.DeleteAsync(_group, said.Epoch, said.Offset);
        await Node.DeleteAsync(_group, said.Epoch, said.Offset);

        Assert.Equal(["one", $"{said.Epoch}:{said.Offset}:m1"], await MessagesAsync(_group));
        Assert.Equal(_group, Assert.Single(await MarkedAsync(_group)).Topic);
    }

    [RedisFact]
    public async Task Message_OfAnotherTopic_CostsNothing()
    {
        await Node.PublishAsync(Topic.Group("other"), "hi", "m1");

        Assert.Equal(0L, redis.Server.Execute("EXISTS", $"{_prefix}{{group:other}}:events", $"{_prefix}{{group:other}}:events:state"));
        Assert.Empty(await MarkedAsync(Topic.Group("other")));
    }

    [RedisFact]
    public async Task Trim_TakesOutWhatWasRead_AndNothingElse()
    {
        await PublishAsync(4);
        var read = await Node.Events.ReadAsync(_group, 2, int.MaxValue);

        Assert.Equal(2, await Node.Events.TrimAsync(_group, 2, read.Events[1]));
        Assert.Equal(2, await Node.Events.TrimAsync(_group, 2, read.Events[1])); // from another node that was slow

        Assert.Equal(["3", "4"], await MessagesAsync(_group));
        var rest = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        Assert.Equal(rest.Events.Sum(one => one.Length), rest.Bytes);
        Assert.Equal(0, await Node.Events.TrimAsync(_group, 2, rest.Events[1]));
    }

    // Redis came back with older data, and other events have taken the places of those that were told.
    [RedisFact]
    public async Task Trim_OfWhatIsNotThereAnyMore_TakesOutNothing()
    {
        await PublishAsync(3);
        var told = (await Node.Events.ReadAsync(_group, 3, int.MaxValue)).Events;
        redis.Server.Execute("DEL", $"{_prefix}{{group:told%7B1%7D%3A}}:events");
        await PublishAsync(3);

        Assert.Equal(3, await Node.Events.TrimAsync(_group, 3, told[^1]));
        Assert.Equal(["1", "2", "3"], await MessagesAsync(_group));
    }

    // The node remembers the mark, but Redis lost it.
    [RedisFact]
    public async Task Topic_OfARedisThatLostEverything_IsMarkedAgain_BeforeItsNextMessageIsAcknowledged()
    {
        await PublishAsync(1);
        await redis.Server.KillAsync();
        await redis.Server.RestartAsync();

        await Node.PublishAnyhowAsync(_group, "after", "m1");

        Assert.Equal(_group, Assert.Single(await MarkedAsync(_group)).Topic);
    }

    [RedisFact]
    public async Task Cut_DropsTheOldest_AndCountsThem()
    {
        await PublishAsync(4);
        var all = await Node.Events.ReadAsync(_group, 10, int.MaxValue);

        Assert.Equal(all.Bytes - all.Events[0].Length - all.Events[1].Length, await Node.Events.CutAsync(_group, all.Bytes - all.Events[0].Length - 1));
        var rest = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        Assert.Equal((2, 2), (rest.Dropped, rest.Length));
        Assert.Equal(rest.Events.Sum(one => one.Length), rest.Bytes);
    }

    // Many topics with one event each can be too much as well.
    [RedisFact]
    public async Task Cut_DropsTheLastOneToo_AndWhatWasToldMeanwhileTakesNoOtherWithIt()
    {
        await PublishAsync(2);
        var told = (await Node.Events.ReadAsync(_group, 2, int.MaxValue)).Events;
        Assert.Equal(0, await Node.Events.CutAsync(_group, 0));
        await PublishAsync(1, first: 3);

        Assert.Equal(1, await Node.Events.TrimAsync(_group, 2, told[^1]));
        var rest = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        Assert.Equal((2, 1), (rest.Dropped, rest.Length));
        Assert.Equal(rest.Events.Sum(one => one.Length), rest.Bytes);
    }

    [RedisFact]
    public async Task Queue_WhoseMarkGotLost_IsFoundAndMarked()
    {
        await PublishAsync(1);
        redis.Server.Execute("DEL", Partition(_group));
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(redis.Server.ConnectionString);

        await EventSearch.MarkAllAsync(multiplexer, new RedisKeys(_prefix), Node.Marks!);

        Assert.Equal(_group, Assert.Single(await MarkedAsync(_group)).Topic);
    }

    [RedisFact]
    public async Task Queue_WithoutRoom_DropsTheOldest_AndCountsThem()
    {
        await PublishAsync(4);
        var read = await Node.Events.ReadAsync(_group, 4, int.MaxValue);
        await PublishAsync(3, first: 5);

        Assert.Equal(3, await Node.Events.TrimAsync(_group, 4, read.Events[^1])); // 3 and 4, since 1 and 2 went before
        var rest = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        Assert.Equal((2, 3), (rest.Dropped, rest.Length));
        Assert.Equal(["5", "6", "7"], rest.Events.Select(Msg));
    }

    // The answer to a read may get lost, or the node may die while handling it.
    [RedisFact]
    public async Task Dropped_AreKnown_UntilANodeHasSaidSo()
    {
        await PublishAsync(Most + 2);
        await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        Assert.Equal((2, 0), await DroppedAsync());

        await Node.Events.ToldAsync(_group, 2);
        await PublishAsync(1);
        Assert.Equal((3, 2), await DroppedAsync());

        await Node.Events.ToldAsync(_group, 3);
        await Node.Events.ToldAsync(_group, 2); // from another node that was slow
        await Node.Events.ToldAsync(_group, 7); // a count that Redis has lost
        Assert.Equal((3, 3), await DroppedAsync());
    }

    // While a cluster is upgraded, a node of the previous version may be the one that reports the count. It removes the count, but what others know of it stays.
    [RedisFact]
    public async Task Dropped_WhoseCountAnOlderNodeTakesAway_AreKnown_AndLeaveNothing()
    {
        await PublishAsync(Most + 2);
        await Node.Events.ToldAsync(_group, 2);
        redis.Server.Execute("HDEL", StateOf(_group), "d");
        await PublishAsync(1);
        Assert.Equal((1, 0), await DroppedAsync());

        await Node.Events.ToldAsync(_group, 1);
        Assert.Equal((1, 1), await DroppedAsync());

        redis.Server.Execute("HDEL", StateOf(_group), "d");
        var read = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        Assert.Equal(0, await Node.Events.TrimAsync(_group, Most, read.Events[^1]));
        Assert.Equal(0L, StatesOf(_group));
    }

    // Otherwise each topic that ever existed would leave data for 30 days.
    [RedisFact]
    public async Task Queue_ThatIsEmpty_LeavesNothing_OnceItIsSaidWhatWasDropped()
    {
        await PublishAsync(Most + 1);
        var read = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        await Node.Events.ToldAsync(_group, 1);
        Assert.Equal(0, await Node.Events.TrimAsync(_group, Most, read.Events[^1]));
        Assert.Equal(0L, StatesOf(_group));

        await PublishAsync(1);
        await Node.Events.CutAsync(_group, 0);
        Assert.Equal((1, 0), await DroppedAsync());
        await Node.Events.ToldAsync(_group, 1);
        Assert.Equal(0L, StatesOf(_group));
        Assert.Equal(0, await Node.Events.TrimAsync(_group, Most, read.Events[^1])); // from another node that was slow
        await Node.Events.ToldAsync(_group, 1);
        Assert.Equal(0L, StatesOf(_group));
    }

    [RedisFact]
    public async Task Queue_OfTooManyBytes_DropsTheOldest_ButKeepsWhatIsLargerByItself()
    {
        await Node.PublishAsync(_group, new string('a', 1500));
        await Node.PublishAsync(_group, new string('b', 2000));
        await Node.PublishAsync(_group, new string('c', 1500));
        Assert.Equal("bc", string.Concat((await MessagesAsync(_group)).Select(text => text[0])));

        await Node.PublishAsync(_group, new string('d', 9000));
        Assert.Equal("d", string.Concat((await MessagesAsync(_group)).Select(text => text[0])));
    }

    [RedisFact]
    public async Task Read_IsOfSoManyBytes_ButOneEventAtLeast()
    {
        await Node.PublishAsync(_group, new string('a', 900));
        await Node.PublishAsync(_group, new string('b', 900));
        await Node.PublishAsync(_group, "c");

        Assert.Single((await Node.Events.ReadAsync(_group, 10, 1024)).Events);
        Assert.Single((await Node.Events.ReadAsync(_group, 10, 10)).Events);
        Assert.Equal(3, (await Node.Events.ReadAsync(_group, 10, 10_000)).Events.Count);
    }

    [RedisFact]
    public async Task Mark_IsRemoved_UnlessTheTopicWasMarkedAgain()
    {
        await Node.Marks!.MarkAsync(_group);
        var old = Assert.Single(await MarkedAsync(_group));
        Assert.False(old.IsOld);
        await Node.Events.UnmarkAsync(old with { At = old.At - 1 });
        Assert.Single(await MarkedAsync(_group));

        redis.Server.Execute("ZADD", Partition(_group), "1", _group.Name);
        var older = Assert.Single(await MarkedAsync(_group));
        Assert.True(older.IsOld);
        await Node.Events.UnmarkAsync(older);
        Assert.Empty(await MarkedAsync(_group));
    }

    [RedisFact]
    public async Task Users_WhoComeAndGo_AreTold()
    {
        await Node.Presence.ReportAsync(_group, null, [new PresentUser("anna", 1), new PresentUser("Łódź 🧀", 1)], isAll: false);
        await Node.Presence.ReportAsync(_group, null, [new PresentUser("anna", 2)], isAll: false);
        await Node.Presence.ReportAsync(_group, "dead", [new PresentUser("anna", 1)], isAll: false);
        await Node.Presence.ReportAsync(_group, null, [], isAll: true);
        await Node.Presence.ReportAsync(_group, "dead", [], isAll: true); // the dead node is swept
        await Node.Presence.ReportAsync(_anna, null, [new PresentUser("anna", 1)], isAll: false);

        Assert.Equal(["came anna", "came Łódź 🧀", "went Łódź 🧀", "went anna"], await WordsAsync(_group));
        Assert.Equal(["came anna"], await WordsAsync(_anna));
        Assert.Single(await MarkedAsync(_anna), marked => marked.Topic == _anna);
    }

    [RedisFact]
    public async Task Users_WhoJoinAndLeaveGroups_AreTold_OnceEach()
    {
        KeyValuePair<string, long>[] defaults = [new("first", 0)];
        await Node.Memberships.ReadAsync(_anna, defaults);
        await Node.Memberships.ReadAsync(_anna, defaults);
        await Node.Memberships.JoinAsync(_anna, "a:b", 10);
        await Node.Memberships.JoinAsync(_anna, "a:b", 10);
        var left = await Node.Memberships.LeaveAsync(_anna, "a:b");
        await Node.Memberships.LeaveAsync(_anna, "a:b"); // it is not known yet whether the leave has taken effect
        Node.Memberships.Forget(_anna, "a:b", left);
        await Node.Memberships.LeaveAsync(_anna, "never");
        await Node.Memberships.ReadAsync(_anna, []);

        Assert.Equal(["joined first", "joined a%3Ab", "left a%3Ab"], await WordsAsync(_anna));
    }

    [RedisFact]
    public async Task Refusals_OfOneEvent_AreTimedFromTheFirst()
    {
        var (minute, day) = (TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        Assert.Equal(TimeSpan.Zero, await Node.Events.RefusedAsync(_group, "a", minute));
        Assert.Equal(minute, await Node.Events.RefusedAsync(_group, "a", minute));
        Assert.Equal(minute + (30 * day), await Node.Events.RefusedAsync(_group, "a", 30 * day));
        Assert.Equal(TimeSpan.Zero, await Node.Events.RefusedAsync(_group, "b", minute));
    }

    [RedisFact]
    public async Task Workers_AreThoseWhoseLeaseHolds()
    {
        await using var other = await RedisBackplaneNode.StartAsync(redis.Server.ConnectionString, prefix: _prefix);
        await other.Events.BeatAsync(TimeSpan.FromHours(1));
        Assert.Equal(new[] { Node.Id, other.Id }.Order(), (await Node.Events.BeatAsync(TimeSpan.FromHours(1))).Order());

        await other.Events.BeatAsync(TimeSpan.Zero);

        Assert.Equal([Node.Id], await Node.Events.BeatAsync(TimeSpan.FromHours(1)));
    }

    private static TopicPattern Pattern(string text) => TopicPattern.TryParse(text, out var pattern) ? pattern : throw new FormatException(text);

    private static string Msg(byte[] queued) => Heard.Parse("", queued).Msg;

    private async Task PublishAsync(int count, int first = 1)
    {
        for (var i = first; i < first + count; i++)
        {
            await Node.PublishAsync(_group, i.ToString(CultureInfo.InvariantCulture));
        }
    }

    private async Task<(long Dropped, long Told)> DroppedAsync()
    {
        var read = await Node.Events.ReadAsync(_group, 10, int.MaxValue);
        return (read.Dropped, read.Told);
    }

    private long StatesOf(Topic topic) => (long)redis.Server.Execute("EXISTS", StateOf(topic))!;

    private string StateOf(Topic topic) => $"{_prefix}{{{topic.Name.Replace("{1}:", "%7B1%7D%3A", StringComparison.Ordinal)}}}:events:state";

    private async Task<string[]> MessagesAsync(Topic topic) => [.. (await Node.Events.ReadAsync(topic, 100, int.MaxValue)).Events.Select(Msg)];

    // Leaves out the time.
    private async Task<string[]> WordsAsync(Topic topic) =>
        [.. (await Node.Events.ReadAsync(topic, 100, int.MaxValue)).Events.Select(Encoding.UTF8.GetString).Select(line => $"{line.Split(' ')[0]} {line.Split(' ', 3)[2]}")];

    private async Task<List<MarkedTopic>> MarkedAsync(Topic topic) =>
        [.. (await Node.Events.ListAsync(EventMarks.PartitionOf(topic.Utf8Name.Span))).Where(marked => marked.Topic == topic)];

    private string Partition(Topic topic) => FormattableString.Invariant($"{_prefix}{{events:{EventMarks.PartitionOf(topic.Utf8Name.Span)}}}:topics");
}

[Collection(RedisServerGroup.Name)]
public sealed class RedisEventQueueTests(RedisServerFixture redis) : EventQueueSpec(redis);

[Collection(GarnetServerGroup.Name)]
public sealed class GarnetEventQueueTests(GarnetServerFixture redis) : EventQueueSpec(redis);
