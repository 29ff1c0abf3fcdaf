using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Access;

/// <summary>The promises about bans and mutes, on either server.</summary>
public abstract class SanctionsSpec(RedisFixture redis) : TwoNodesSpec(redis)
{
    private static readonly Topic Chess = Topic.Group("chess: {a}"); // a difficult name
    private static int users;

    private readonly string _anna = "s:" + Interlocked.Increment(ref users);

    private Sanctions A => new(NodeA.Sanctions, new AccessMetrics(NoMeters.Instance));

    private RedisSanctions B => NodeB.Sanctions;

    [RedisFact]
    public async Task Sanctions_AreTheSameAtEveryNode_UntilLifted()
    {
        var before = DateTimeOffset.UtcNow;
        var ban = await A.BanAsync(_anna, Chess, TimeSpan.FromMinutes(5), "spam, again");
        var mute = await A.MuteAsync(_anna, null, null, "");

        Assert.InRange(ban!.Until!.Value, before.AddMinutes(5).AddSeconds(-1), DateTimeOffset.UtcNow.AddMinutes(5).AddSeconds(1));
        Assert.Equal(new Sanction(SanctionKind.Mute, _anna, null, null, ""), mute);
        Assert.Equal([ban, mute!], (await B.ReadAllAsync(_anna)).Select(one => one.Sanction).OrderBy(one => one.Kind));
        var sanctions = await B.ReadAsync(_anna);
        Assert.Equal((Rights.All, Rights.Post), (sanctions.DeniedIn(Chess), sanctions.DeniedIn(Topic.All)));
        Assert.Equal((ban.Until, null), (sanctions.Until(Chess, Rights.Join), sanctions.Until(Chess, Rights.Post)));

        Assert.True(await A.LiftAsync(SanctionKind.Mute, _anna, null));
        Assert.False(await A.LiftAsync(SanctionKind.Mute, _anna, null));
        Assert.False(await A.LiftAsync(SanctionKind.Ban, _anna, null)); // that is another ban
        Assert.Equal([ban], await A.ListAsync(_anna));
        Assert.True(await A.LiftAsync(SanctionKind.Ban, _anna, Chess));
        Assert.True((await B.ReadAsync(_anna)).IsEmpty);
    }

    [RedisFact]
    public async Task Sanction_EndsByItself_AndLeavesNothing()
    {
        await A.BanAsync(_anna, null, TimeSpan.FromMilliseconds(50), "");
        await A.MuteAsync(_anna, Chess, TimeSpan.FromMilliseconds(100), "");

        await Eventually.TrueAsync(async () => (await B.ReadAsync(_anna)).IsEmpty);
        await Eventually.TrueAsync(() => Convert.ToInt64(Redis.Server.Execute("EXISTS", Key), System.Globalization.CultureInfo.InvariantCulture) == 0);
    }

    [RedisFact]
    public async Task Sanction_PutOnAgain_HasTheNewEnd()
    {
        await A.MuteAsync(_anna, Chess, null, "for good");
        var mute = await A.MuteAsync(_anna, Chess, TimeSpan.FromHours(1), "for an hour");

        Assert.Equal([mute!], await A.ListAsync(_anna));
        Assert.InRange(Convert.ToInt64(Redis.Server.Execute("PTTL", Key), System.Globalization.CultureInfo.InvariantCulture), 3_500_000, 3_600_000);
    }

    /// <summary>A backend that listed a thousand users at once, several times, once delayed everybody's messages by half a second.</summary>
    [RedisFact]
    public async Task Page_OfManyUsers_IsReadAFewAtATime_BetweenWhatOthersAsk()
    {
        var sanctions = A;
        string[] users = [.. Enumerable.Range(0, 1000).Select(i => $"{_anna}-{i}")];
        await Task.WhenAll(users.Select(user => sanctions.BanAsync(user, Chess, TimeSpan.FromHours(1), "")));

        var lists = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => sanctions.ListAsync(null, 1000)));
        var others = 0;
        while (!lists.IsCompleted)
        {
            await NodeA.Sanctions.ReadAllAsync(_anna);
            others++;
        }

        Assert.All(await lists, page => Assert.InRange(page.Users.Count, 900, 1000)); // sanctions of other tests may end meanwhile
        await Task.WhenAll(users.Select(user => sanctions.LiftAsync(SanctionKind.Ban, user, Chess)));
        Assert.True(others > 40, $"Only {others} questions of others were answered meanwhile.");
    }

    [RedisFact]
    public async Task Change_IsHeardByEveryNode_AndFoundByThoseThatDidNotHear()
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        B.Heard = user => _ = user == _anna ? heard.TrySetResult(user) : false;
        await B.ListenAsync();
        var since = (await B.ChangesAsync(-1)).UpTo;

        await A.BanAsync(_anna, Chess, TimeSpan.FromMinutes(1), "");
        Assert.Equal(_anna, await heard.Task.WaitAsync(ChatClient.Deadline));
        var first = await B.ChangesAsync(since);
        Assert.Contains(_anna, first.Users);
        Assert.DoesNotContain(_anna, (await B.ChangesAsync(first.UpTo)).Users);

        await A.LiftAsync(SanctionKind.Ban, _anna, Chess);
        var second = await B.ChangesAsync(first.UpTo);
        Assert.Contains(_anna, second.Users);

        await A.AskAgainAsync(_anna);
        Assert.Contains(_anna, (await B.ChangesAsync(second.UpTo)).Users);
    }

    [RedisFact]
    public async Task List_HasEverybodyWithSanctions_InPages()
    {
        string[] some = [_anna + "x", _anna + "y", _anna + "z"];
        foreach (var user in some)
        {
            await A.BanAsync(user, null, TimeSpan.FromHours(1), "");
        }

        await A.BanAsync(some[0], Chess, null, "");
        await A.LiftAsync(SanctionKind.Ban, some[2], null);

        List<Sanction> all = [];
        SanctionPlace? after = null;
        do
        {
            var page = await A.ListAsync(after, most: 1);
            all.AddRange(page.Users.SelectMany(user => user));
            after = page.Last;
        }
        while (after is not null);

        Assert.Equal([some[0], some[0], some[1]], all.Select(one => one.UserId).Where(some.Contains).Order());
    }

    // Pages were once counted in users, so if somebody on an earlier page had no sanctions any more, somebody else was on no page.
    [RedisFact]
    public async Task List_OfUsersWhoComeAndGoBetweenPages_HasAllOthersOnce()
    {
        string[] some = [.. Enumerable.Range(0, 12).Select(i => $"{_anna}-{i:D2}")];
        for (var i = 0; i < some.Length; i++)
        {
            await A.MuteAsync(some[i], null, i < 6 ? TimeSpan.FromHours(100 + i) : null, "");
        }

        List<string> listed = [];
        SanctionPlace? after = null;
        do
        {
            var page = await A.ListAsync(after, most: 1);
            after = page.Last;
            if (page.Users is [[var one, ..]] && some.Contains(one.UserId))
            {
                listed.Add(one.UserId);
                switch (listed.Count % 3)
                {
                    case 0: // the page's user has none any more
                        await A.LiftAsync(SanctionKind.Mute, one.UserId, null);
                        break;
                    case 1: // the page's user goes to an earlier place
                        await A.MuteAsync(one.UserId, null, TimeSpan.FromHours(99), "");
                        break;
                    default: // somebody comes to an earlier place
                        await A.MuteAsync($"{_anna}-new{listed.Count}", null, TimeSpan.FromHours(99), "");
                        break;
                }
            }
        }
        while (after is not null);

        Assert.Equal(some, listed);
    }

    [RedisFact]
    public async Task User_HasNoMoreSanctionsThanThereCanBe()
    {
        await Task.WhenAll(Enumerable.Range(0, Sanction.MostPerUser).Select(i => A.BanAsync(_anna, Topic.Group($"{i}"), TimeSpan.FromMinutes(1), "")));

        Assert.Null(await A.BanAsync(_anna, Chess, TimeSpan.FromMinutes(1), ""));
        Assert.NotNull(await A.BanAsync(_anna, Topic.Group("7"), TimeSpan.FromMinutes(2), "")); // replaces the one that exists
        await A.LiftAsync(SanctionKind.Ban, _anna, Topic.Group("7"));
        Assert.NotNull(await A.BanAsync(_anna, Chess, TimeSpan.FromMinutes(1), ""));
    }

    private string Key => $"{{sanctions}}:of:{_anna.Replace(":", "%3A", StringComparison.Ordinal)}";
}

[Collection(RedisServerGroup.Name)]
public sealed class RedisSanctionsTests(RedisServerFixture redis) : SanctionsSpec(redis);

[Collection(GarnetServerGroup.Name)]
[RunsOn(RedisKind.Garnet)]
public sealed class GarnetSanctionsTests(GarnetServerFixture redis) : SanctionsSpec(redis);
