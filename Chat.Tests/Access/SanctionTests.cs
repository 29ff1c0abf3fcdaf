using System.Globalization;
using Chat.Api.Access;
using Chat.Api.Messages;
using Chat.Tests.Auth;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>Bans and mutes on open connections, on the raw endpoints and the hub, on two nodes.</summary>
public sealed class SanctionTests(AccessCluster fixture, ITestOutputHelper output) : AccessTest(fixture, output)
{
    private readonly string _anna = Unique("anna");
    private readonly string _ben = Unique("ben");
    private readonly string _group = Unique("chess");

    [Fact]
    public async Task Ban_FromAGroup_TakesEveryDeviceOutOfIt_OnEveryNode()
    {
        await using var text = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}");
        await using var json = await ConnectAsync(1, $"/chat/group/{_group}/{_anna}?format=json&presence=true");
        await using var channel = await ConnectAsync(0, $"/chat/channel/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);
        await using var polls = await HubAsync(0, _anna, transport: HubTransport.LongPolling, packs: true);
        await using var ben = await HubAsync(0, _ben);
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{_group}}"}""");
        await channel.NextFrameAsync("joined");
        await hub.JoinAsync(_group);
        await polls.NextWhereAsync(next => next.Name == "subscribed" && next.Group == _group);
        await ben.JoinAsync(_group);

        var ban = await Sanctions.BanAsync(_anna, Topic.Group(_group), TimeSpan.FromMinutes(10), "spam");

        var until = ban!.Until!.Value.ToUnixTimeMilliseconds();
        Assert.Equal(new Closing(4403, "forbidden"), await text.ClosedAsync());
        Assert.Equal(new Closing(4403, "forbidden"), await json.ClosedAsync());
        Assert.Equal(until, (await AssertForbiddenAsync(json, $"group:{_group}")).Until);
        Assert.Equal(until, (await AssertForbiddenAsync(channel, $"group:{_group}")).Until);
        Assert.Equal((_group, until), await hub.NextAsync("forbidden") is var told ? (told.Group, told.Until) : default);
        Assert.Equal(_group, (await polls.NextAsync("forbidden")).Group);
        await text.UntilAsync(line => line == string.Create(CultureInfo.InvariantCulture, $"error: You may not do that there until {ban.Until.Value.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}."));

        // She receives nothing more of the group and cannot come back, but is still in everything else.
        await ben.PostAsync(_group, "without her");
        await AssertRefusedAsync(() => ConnectAsync(1, $"/chat/group/{_group}/{_anna}"));
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{_group}}","MsgId":"m"}""");
        await AssertForbiddenAsync(channel, $"group:{_group}", "m");
        await AssertForbiddenAsync(() => hub.JoinAsync(_group));
        await AssertForbiddenAsync(() => hub.PostAsync(_group, "x"));
        await using (var back = await HubAsync(0, _anna, query: $"since={_group}:x:0"))
        {
            Assert.Equal(_group, (await back.NextAsync("forbidden")).Group);
        }

        await ben.SendAsync(_anna, "direct");
        Assert.Equal("direct", (await hub.NextAsync("direct")).Message);
        Assert.Equal("direct", (await channel.NextFrameAsync("message")).Msg);

        Assert.True(await Sanctions.LiftAsync(SanctionKind.Ban, _anna, Topic.Group(_group)));
        await Eventually.TrueAsync(() => SucceedsAsync(() => hub.JoinAsync(_group)));
        await ben.PostAsync(_group, "with her");
        Assert.Equal("with her", (await hub.NextAsync("message")).Message);
    }

    /// <summary>Once, what such a channel might write to all was forgotten where sanctions change it, but not where it is looked at.</summary>
    [Fact]
    public async Task Mute_ReachesAChannel_ThatIsNotInAll_AndHasTriedAThousandGroups()
    {
        await using var channel = await ConnectAsync(0, $"/chat/channel/{_anna}?format=json", Token(_anna, """{"all":["post"],"group:no-*":[]}"""));
        await AssertForbiddenAsync(channel, "all");
        for (var i = 0; i < 1100; i++)
        {
            await channel.SendAsync($$"""{"Method":"UserGroup","Group":"no-{{i}}"}""");
        }

        await channel.UntilAsync(static text => text.Contains("group:no-1099", StringComparison.Ordinal));
        await channel.SendAsync("""{"Method":"x","MsgBody":"hello","MsgId":"m"}""");
        await channel.NextFrameAsync("ack");

        await Sanctions.MuteAsync(_anna, null, TimeSpan.FromMinutes(10), "");

        await Eventually.TrueAsync(async () =>
        {
            await channel.SendAsync("""{"Method":"x","MsgBody":"hello","MsgId":"m"}""");
            var answer = await channel.NextFrameAsync();
            return (answer.Type, answer.Code, answer.Topic) == ("error", "forbidden", "all");
        });
    }

    [Fact]
    public async Task Ban_FromEverything_ClosesEveryConnection_AndRefusesNewOnes()
    {
        await using var text = await ConnectAsync(0, $"/chat/user/{_anna}");
        await using var channel = await ConnectAsync(1, $"/chat/channel/{_anna}?format=json");
        await using var hub = await HubAsync(0, _anna);
        await using var events = await HubAsync(1, _anna, transport: HubTransport.ServerSentEvents);
        await using var ben = await ConnectAsync(0, $"/chat/user/{_ben}");

        await Sanctions.BanAsync(_anna, null, TimeSpan.FromMinutes(10), "");

        Assert.Equal(new Closing(4423, "banned"), await text.ClosedAsync());
        Assert.Equal(new Closing(4423, "banned"), await channel.ClosedAsync());
        Assert.Matches("banned|4423", await hub.ClosedAsync());
        Assert.Contains("banned", await events.ClosedAsync(), StringComparison.Ordinal);
        foreach (var path in (string[])[$"/chat/user/{_anna}", $"/chat/channel/{_anna}", $"/chat/group/{_group}/{_anna}", $"/chat/all/{_anna}"])
        {
            await AssertRefusedAsync(() => ConnectAsync(1, path));
        }

        await AssertRefusedAsync(() => HubAsync(0, _anna));
        await AssertRefusedAsync(() => HubAsync(1, _anna, transport: HubTransport.LongPolling));
        Assert.False(ben.Ended.IsCompleted);

        await Sanctions.LiftAsync(SanctionKind.Ban, _anna, null);
        await using var back = await ConnectAsync(1, $"/chat/user/{_anna}"); // each new connection reads the sanctions again
    }

    [Fact]
    public async Task Mute_RefusesWhatIsWritten_AndEndsByItself()
    {
        await using var text = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}");
        await using var json = await ConnectAsync(1, $"/chat/group/{_group}/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);
        await using var ben = await HubAsync(0, _ben);
        await hub.JoinAsync(_group);
        await ben.JoinAsync(_group);

        var mute = await Sanctions.MuteAsync(_anna, Topic.Group(_group), TimeSpan.FromMinutes(1), "");

        var until = string.Create(CultureInfo.InvariantCulture, $"until {mute!.Until!.Value.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}.");
        await Eventually.TrueAsync(async () => !await SucceedsAsync(() => hub.PostAsync(_group, "x")));
        Assert.EndsWith(until, await AssertForbiddenAsync(() => hub.PostAsync(_group, "x")), StringComparison.Ordinal);
        await AssertForbiddenAsync(async () =>
        {
            await hub.TypingAsync(_group);
            return true;
        });
        await Eventually.TrueAsync(async () =>
        {
            await text.SendAsync("x");
            return text.Pending().Any(line => line.StartsWith("error: ", StringComparison.Ordinal) && line.EndsWith(until, StringComparison.Ordinal));
        });
        await json.SendAsync("""{"Msg":"x","MsgId":"m"}""");
        Assert.Equal(mute.Until.Value.ToUnixTimeMilliseconds(), (await AssertForbiddenAsync(json, $"group:{_group}", "m")).Until);

        // Elsewhere, and as a reader, nothing changes for her.
        await hub.SendAsync(_ben, "direct");
        await ben.PostAsync(_group, "heard");
        Assert.Equal("heard", (await hub.NextWhereAsync(next => next.Name == "message" && next.Nick == _ben)).Message);

        await Sanctions.MuteAsync(_anna, Topic.Group(_group), TimeSpan.FromMilliseconds(300), "");
        await Eventually.TrueAsync(() => SucceedsAsync(() => hub.PostAsync(_group, "again")));
        await ben.NextWhereAsync(next => next.Message == "again");
    }

    [Fact]
    public async Task Mute_OfEverything_HoldsEverywhere()
    {
        await using var user = await ConnectAsync(0, $"/chat/user/{_anna}?format=json");
        await using var channel = await ConnectAsync(1, $"/chat/channel/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);
        await Sanctions.MuteAsync(_anna, null, null, "");

        await Eventually.TrueAsync(async () => !await SucceedsAsync(() => hub.SendAsync(_ben, "x")));
        await AssertForbiddenAsync(() => hub.PostAsync("first", "x"));
        await channel.SendAsync("""{"Method":"All","MsgBody":"x","MsgId":"a"}""");
        await AssertForbiddenAsync(channel, "all", "a");
        await Eventually.TrueAsync(async () =>
        {
            await user.SendAsync($$"""{"Id":"{{_ben}}","Msg":"x","MsgId":"b"}""");
            return user.Pending().Any(frame => frame.Contains("forbidden", StringComparison.Ordinal));
        });
    }

    // Whatever step of its arrival a connection is at, either the ban finds it or it finds the ban.
    [Fact]
    public async Task Ban_WhileConnectionsCome_LeavesNoneIn()
    {
        var coming = Enumerable.Range(0, 15).Select(i => ConnectAsync(i % 2, $"/chat/channel/{_anna}?format=json")).ToList();
        await Task.WhenAny(coming); // in the middle of the arrivals
        await Sanctions.BanAsync(_anna, null, TimeSpan.FromMinutes(10), "");

        await Task.WhenAll(coming.Select(ClosedOrRefusedAsync));

        static async Task ClosedOrRefusedAsync(Task<ChatClient> coming)
        {
            try
            {
                await using var client = await coming;
                Assert.Equal(4423, (await client.ClosedAsync()).Code);
            }
            catch (RefusedException refused)
            {
                Assert.Equal(403, refused.Status);
            }
        }
    }

    // Such a ban once left connections open that received nothing more, even when it was over, and were not told.
    [Fact]
    public async Task Ban_FromOnesOwnTopic_DoesNotKeepAUserFromHearingWhatIsSentToThem()
    {
        await using var raw = await ConnectAsync(0, $"/chat/user/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);
        await using var ben = await HubAsync(0, _ben);
        await Sanctions.BanAsync(_anna, Topic.User(_anna), TimeSpan.FromMinutes(10), "");
        await Eventually.TrueAsync(async () => !await SucceedsAsync(() => hub.SendAsync(_anna, "to myself")));

        await using var later = await ConnectAsync(1, $"/chat/user/{_anna}?format=json");
        await ben.SendAsync(_anna, "hello");
        Assert.Equal("hello", (await hub.NextWhereAsync(next => next.Nick == _ben)).Message);
        Assert.Equal("hello", (await later.NextFrameAsync("message")).Msg);
        await raw.UntilAsync(frame => frame.Contains("hello", StringComparison.Ordinal));
    }

    // The node once caught up with the group before it looked for bans, and anna received messages from long after her ban.
    [Fact]
    public async Task Ban_WhileANodeIsCutOff_ComesBeforeWhatWasWrittenMeanwhile()
    {
        await using var proxy = new RedisProxy(Cluster.Redis);
        await using var node = await NodeProcess.StartAsync(proxy.ConnectionString, new Dictionary<string, string> { ["Auth:SecurityKey"] = TestToken.Key });
        await using var anna = await ChatClient.ConnectAsync(node.Address, $"/chat/group/{_group}/{_anna}?format=json");
        await using var cleo = await ChatClient.ConnectAsync(node.Address, $"/chat/group/{_group}/cleo?format=json");
        await using var ben = await HubAsync(0, _ben);
        await ben.PostAsync(_group, "before");
        await anna.NextFrameAsync("message");

        proxy.Hold();
        proxy.Cut();
        await Sanctions.BanAsync(_anna, Topic.Group(_group), TimeSpan.FromMinutes(10), "");
        await ben.PostAsync(_group, "after");
        proxy.Release();

        Assert.Equal(4403, (await anna.ClosedAsync()).Code);
        Assert.DoesNotContain(anna.Pending(), frame => frame.Contains("after", StringComparison.Ordinal));
        await cleo.UntilAsync(frame => frame.Contains("after", StringComparison.Ordinal));
    }

    // Simulates a lost notice: the ban is written to Redis by hand, and no node is told.
    [Fact]
    public async Task Ban_ThatNobodyWasTold_TakesEffectSoon()
    {
        await using var here = await ConnectAsync(0, $"/chat/group/{_group}/{_anna}?format=json");
        await using var there = await ConnectAsync(1, $"/chat/user/{_anna}?format=json");
        await using var looking = await ConnectAsync(1, $"/chat/group/{_group}/{_anna}?format=json");
        var now = (await Sanctions.BanAsync(Unique("somebody"), null, TimeSpan.FromSeconds(1), ""))!.Until!.Value.ToUnixTimeMilliseconds() * 1000;
        Cluster.Redis.Execute("HSET", $"{{sanctions}}:of:{_anna}", $"ban group:{_group}", "0 by hand");
        Cluster.Redis.Execute("ZADD", "{sanctions}:changed", now.ToString(CultureInfo.InvariantCulture), _anna);

        Assert.Equal(4403, (await here.ClosedAsync()).Code);
        Assert.Equal(4403, (await looking.ClosedAsync()).Code);
        Assert.False(there.Ended.IsCompleted);
    }

    private static async Task<bool> SucceedsAsync<T>(Func<Task<T>> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (HubException exception) when (exception.Message.Contains("forbidden: ", StringComparison.Ordinal))
        {
            return false;
        }
    }
}
