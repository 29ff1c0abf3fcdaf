using System.Threading.Channels;
using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Presence;

/// <summary>The promises about who is in a topic, on every kind of server.</summary>
public abstract partial class PresenceSpec(RedisFixture redis) : TwoNodesSpec(redis, $"presence{Interlocked.Increment(ref clusters)}:")
{
    private const int Most = RedisBackplaneNode.PresenceListSize;

    private static readonly TimeSpan Long = TimeSpan.FromHours(1);
    private static int clusters;

    private readonly Topic _group = Topic.Group("g{1}:"); // characters with a meaning in keys

    private RedisPresence A => NodeA.Presence;

    private RedisPresence B => NodeB.Presence;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (HasNodes)
        {
            Live(NodeA.Id);
            Live(NodeB.Id);
        }
    }

    [RedisFact]
    public async Task Users_OfSeveralNodes_AreThereOnce_WithAllTheirConnections()
    {
        await ReportAsync(A, "anna 2", "John Smith 1");
        await ReportAsync(B, "anna 1", "Łódź 🧀 3");

        Assert.Equal((3, "John Smith 1, anna 3, Łódź 🧀 3"), await ReadAsync());
        Assert.True((long)Redis.Server.Execute("PTTL", Key())! > 0);
    }

    [RedisFact]
    public async Task Watchers_HearThatAUserCame_AndThatTheLastConnectionHasGone()
    {
        var heard = await WatchAsync(B);

        await ReportAsync(A, "anna 1");
        await ReportAsync(B, "anna 1", "ben 1");
        await ReportAsync(A, "anna 2");
        await ReportAsync(A, "anna 0");
        await ReportAsync(B, "anna 0");

        var news = new[] { await NextAsync(heard), await NextAsync(heard), await NextAsync(heard) };
        Assert.Equal(["1: +anna", "2: +ben", "1: -anna"], news.Select(InShort));
        Assert.Equal([0, 1, 2], news.Select(one => one.Version - news[0].Version));
        Assert.Equal(news[2].Version, (await A.ReadAsync(_group, Most)).Version);
    }

    [RedisFact]
    public async Task Versions_NeverGoBack_ThoughEverybodyHasLeft()
    {
        var heard = await WatchAsync(B);
        await ReportAsync(A, "anna 1");
        await ReportAsync(A, "anna 0");
        Assert.Equal(0L, Redis.Server.Execute("EXISTS", Key()));
        await ReportAsync(A, "anna 1");

        var versions = new[] { await NextAsync(heard), await NextAsync(heard), await NextAsync(heard) }.Select(news => news.Version).ToArray();
        Assert.Equal(versions.Order(), versions);
        Assert.Equal(3, versions.Distinct().Count());
    }

    [RedisFact]
    public async Task Users_OfWhomThereAreTooMany_AreOnlyCounted()
    {
        var heard = await WatchAsync(B);
        await ReportAsync(A, [.. Enumerable.Range(0, Most).Select(i => $"u{i} 1")]);
        await ReportAsync(A, "one more 1");
        await ReportAsync(A, "one more 0");

        Assert.Equal(["4: +u0 +u1 +u2 +u3", "5: ", "4: -one more"], [InShort(await NextAsync(heard)), InShort(await NextAsync(heard)), InShort(await NextAsync(heard))]);
        await ReportAsync(A, "one more 1");
        Assert.Equal((5, "-"), await ReadAsync());
    }

    // The way backends read it. However many users there are, no read holds up Redis for long.
    [RedisFact]
    public async Task Users_HoweverMany_CanBeReadPageByPage()
    {
        foreach (var some in Enumerable.Range(0, 1500).Select(i => $"u{i} {i % 3}1").Chunk(500))
        {
            await ReportAsync(A, some);
        }

        await ReportAsync(B, "u7 2");

        var found = new Dictionary<string, long>();
        var pages = 0;
        for (var from = 0ul; pages == 0 || from > 0; pages++)
        {
            var page = await A.ReadPageAsync(_group, from, 100);
            Assert.InRange(page.Users.Count, 0, 400);
            page.Users.ToList().ForEach(user => found[user.Id] = user.Connections);
            from = page.Next;
        }

        Assert.InRange(pages, 5, 40);
        Assert.Equal(1500, found.Count);
        Assert.Equal((13, 21), (found["u7"], found["u2"]));
        Assert.Empty((await A.ReadPageAsync(Topic.Group("nobody"), 0, 100)).Users);
    }

    [RedisFact]
    public async Task Node_ThatReportsAll_ReplacesWhatIsKnownOfIt_AndOfNobodyElse()
    {
        await ReportAsync(A, "anna 1", "ben 1", "carl 1");
        await ReportAsync(B, "ben 1");
        var heard = await WatchAsync(B);

        await A.ReportAsync(_group, null, [new PresentUser("anna", 1)], isAll: true);

        Assert.Equal("2: -carl", InShort(await NextAsync(heard)));
        Assert.Equal((2, "anna 1, ben 1"), await ReadAsync());
    }

    // All of a group's users at once took Redis 200 ms where they were 100,000, of whom half were on a node that had died: nobody's message was
    // acknowledged meanwhile.
    [RedisFact]
    public async Task Node_ThatReportsAll_OfATopicWithManyUsers_DoesSoInPieces()
    {
        string[] users = [.. Enumerable.Range(0, 1500).Select(i => $"u{i} 1")];
        foreach (var some in users.Chunk(500))
        {
            await ReportAsync(A, some);
            await ReportAsync(B, some[..300]);
        }

        var heard = await WatchAsync(B);
        await B.ReportAsync(_group, NodeA.Id, [], isAll: true); // A is dead
        Assert.Equal(900, await A.CountAsync(_group));
        long[] counts = [(await NextAsync(heard)).Count, (await NextAsync(heard)).Count, (await NextAsync(heard)).Count];
        Assert.Equal(900, counts[2]);
        Assert.True(counts[0] > counts[1]);

        await A.ReportAsync(_group, null, [.. users[..1200].Select(Parse)], isAll: true); // it was not
        Assert.Equal(1300, await A.CountAsync(_group));
        await A.ReportAsync(_group, null, [new PresentUser("anna", 1)], isAll: true);
        Assert.Equal(901, await A.CountAsync(_group));
        await B.ReportAsync(_group, null, [], isAll: true);
        Assert.Equal((1, "anna 1"), await ReadAsync());
    }

    // A node that hung in the midst of many users, and was swept meanwhile, reported the rest when it went on, before it had called the roll and added its
    // topics again. Had it died then, they would have stayed for a day.
    [RedisFact]
    public async Task Node_ThatReportsInPieces_StopsOnceItMayNotReport()
    {
        PresentUser[] users = [.. Enumerable.Range(0, 1500).Select(i => new PresentUser($"u{i}", 1))];
        var looks = 0;

        await Assert.ThrowsAsync<BackplaneUnavailableException>(() => A.ReportAsync(_group, null, users, isAll: true, () => ++looks <= 2));
        Assert.Equal(1000, await A.CountAsync(_group));

        await A.ReportAsync(_group, null, users, isAll: true, () => true);
        Assert.Equal(1500, await A.CountAsync(_group));
    }

    [RedisFact]
    public async Task Topics_OfANode_AreItsOwn()
    {
        await A.AddTopicsAsync([_group, Topic.All]);
        await B.AddTopicsAsync([_group]);
        await A.RemoveTopicsAsync(null, [_group.Name]);

        Assert.Equal(["all"], await A.TopicsOfAsync(null));
        Assert.Equal([_group.Name], await B.TopicsOfAsync(null));
    }

    // Redis does nothing else while it answers, and a node may have a hundred thousand topics.
    [RedisFact]
    public async Task Topics_OfANode_WhichAreMany_AreReadInPieces()
    {
        string[] names = [.. Enumerable.Range(0, 5000).Select(i => FormattableString.Invariant($"group:{i}"))];
        foreach (var some in names.Select(Topic.Parse).OfType<Topic>().Chunk(1000))
        {
            await A.AddTopicsAsync(some);
        }

        Assert.Equal(names.Order(), (await B.TopicsOfAsync(NodeA.Id)).Order());
        if (Redis is RedisServerFixture) // Garnet does not report it
        {
            var stats = (string)Redis.Server.Execute("INFO", "commandstats")!;
            var scans = stats.Split('\n').Single(line => line.StartsWith("cmdstat_sscan:calls=", StringComparison.Ordinal));
            Assert.True(int.Parse(scans.Split('=', ',')[1], System.Globalization.CultureInfo.InvariantCulture) >= 5);
            Assert.DoesNotContain("cmdstat_srandmember", stats, StringComparison.Ordinal);
        }
    }

    private Task ReportAsync(RedisPresence node, params string[] users) => node.ReportAsync(_group, null, [.. users.Select(Parse)], isAll: false);

    private static PresentUser Parse(string user)
    {
        var space = user.LastIndexOf(' ');
        return new PresentUser(user[..space], int.Parse(user[(space + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<(long Count, string Members)> ReadAsync()
    {
        var news = await A.ReadAsync(_group, Most);
        return (news.Count, news.Members is null ? "-" : string.Join(", ", news.Members.Select(user => $"{user.Id} {user.Connections}").Order(StringComparer.Ordinal)));
    }

    private async Task<ChannelReader<PresenceNews>> WatchAsync(RedisPresence node)
    {
        var heard = Channel.CreateUnbounded<PresenceNews>();
        node.Heard = (topic, news) =>
        {
            Assert.Equal(_group.Name, topic);
            heard.Writer.TryWrite(news);
        };
        await node.WatchAsync(_group);
        return heard.Reader;
    }

    private static Task<PresenceNews> NextAsync(ChannelReader<PresenceNews> heard) => heard.ReadAsync().AsTask().WaitAsync(BackplaneNode.Deadline);

    private static string InShort(PresenceNews news) =>
        $"{news.Count}: " + string.Join(' ', [.. news.Joined.Select(user => "+" + user), .. news.Left.Select(user => "-" + user)]);

    private void Live(string node) => Redis.Server.Execute("ZADD", $"{Prefix}{{nodes}}:leases", "9999999999999", node);

    private string Key() => $"{Prefix}{{group:g%7B1%7D%3A}}:here";
}

[Collection(RedisServerGroup.Name)]
public sealed class RedisPresenceTests(RedisServerFixture redis) : PresenceSpec(redis);

[Collection(GarnetServerGroup.Name)]
public sealed class GarnetPresenceTests(GarnetServerFixture redis) : PresenceSpec(redis);
