using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Access;

/// <summary>Rules of settings and tokens, on the raw endpoints and the hub.</summary>
public sealed class RuleTests(AccessCluster fixture, ITestOutputHelper output) : AccessTest(fixture, output)
{
    private const string Sentence = "error: You may not do that there.";

    private readonly string _anna = Unique("anna");
    private readonly string _service = Unique("service");

    [Fact]
    public async Task Group_ThatIsClosed_IsForNobodyWithoutTheRole_AtBothDoors()
    {
        var group = Unique("closed");
        await AssertRefusedAsync(() => ConnectAsync(0, $"/chat/group/{group}/{_anna}"));
        await AssertRefusedAsync(() => ConnectAsync(0, $"/chat/group/{group}/{_anna}?format=json&since=x:0"));
        await using var channel = await ConnectAsync(0, $"/chat/channel/{_anna}?format=json");
        await using var text = await ConnectAsync(0, $"/chat/channel/{_anna}");
        await using var hub = await HubAsync(0, _anna);
        await using var member = await ConnectAsync(1, $"/chat/group/{group}/{_service}?format=json", Token(_service, role: "service"));

        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{group}}","MsgId":"m"}""");
        await AssertForbiddenAsync(channel, $"group:{group}", "m");
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{group}}","Since":"x:0","MsgId":"n"}""");
        await AssertForbiddenAsync(channel, $"group:{group}", "n");
        await text.SendAsync($$"""{"Method":"UserGroup","Group":"{{group}}"}""");
        Assert.Equal(Sentence, await text.NextAsync());
        await AssertForbiddenAsync(() => hub.JoinAsync(group));

        // Nobody receives the message, and the group does not know of the attempt.
        await member.SendAsync("""{"Msg":"a secret","MsgId":"s"}""");
        await member.NextFrameAsync("ack");
        await hub.SendAsync(_anna, "the last");
        Assert.Equal("the last", (await hub.NextAsync("direct")).Message);
        Assert.DoesNotContain(hub.Pending(), next => next.Name == "message");
        Assert.DoesNotContain(channel.Pending(), next => next.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Group_InWhichOnlySomeWrite_IsHeardByAll()
    {
        var group = Unique("news");
        await using var text = await ConnectAsync(0, $"/chat/group/{group}/{_anna}");
        await using var json = await ConnectAsync(0, $"/chat/group/{group}/{_anna}?format=json");
        await using var channel = await ConnectAsync(1, $"/chat/channel/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna, packs: true);
        await using var service = await HubAsync(0, _service, Token(_service, role: "service"));
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{group}}"}""");
        await channel.NextFrameAsync("joined");
        await hub.JoinAsync(group);

        await text.SendAsync("x");
        await json.SendAsync("""{"Msg":"x","MsgId":"j"}""");
        await channel.SendAsync($$"""{"Method":"Group","Group":"{{group}}","MsgBody":"x","MsgId":"c"}""");
        await AssertForbiddenAsync(() => hub.PostAsync(group, "x"));
        await AssertForbiddenAsync(json, $"group:{group}", "j");
        await AssertForbiddenAsync(channel, $"group:{group}", "c");
        await text.UntilAsync(line => line == Sentence);

        await service.PostAsync(group, "news");
        Assert.Equal($"group 【{group}】 user 【{_service}】 send:news", await text.NextAsync());
        Assert.Equal("news", (await json.NextFrameAsync("message")).Msg);
        Assert.Equal("news", (await channel.NextFrameAsync("message")).Msg);
        Assert.Equal("news", (await hub.NextAsync("message")).Message);
    }

    [Fact]
    public async Task History_WithoutTheRight_IsReadByNoWay()
    {
        var group = Unique("past");
        await using var writer = await HubAsync(0, _service);
        await writer.JoinAsync(group);
        var first = await writer.PostAsync(group, "before");
        var since = $"{first.Epoch}:0";

        await AssertRefusedAsync(() => ConnectAsync(1, $"/chat/group/{group}/{_anna}?format=json&since={since}"));
        await using var channel = await ConnectAsync(1, $"/chat/channel/{_anna}?format=json");
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{group}}","Since":"{{since}}","MsgId":"m"}""");
        await AssertForbiddenAsync(channel, $"group:{group}", "m");
        await using var hub = await HubAsync(1, _anna);
        await AssertForbiddenAsync(() => hub.JoinAsync(group, since));
        await hub.JoinAsync(group);
        await AssertForbiddenAsync(() => hub.HistoryAsync(group));

        // A connection that asks for the past is in the group, and is told of a hole instead.
        await using var again = await HubAsync(0, _anna, query: $"since={group}:{since}");
        Assert.False((await again.NextWhereAsync(next => next.Name == "subscribed" && next.Group == group)).Recovered);
        await writer.PostAsync(group, "after");
        Assert.Equal("after", (await again.NextAsync("message")).Message);

        // The position may belong to a log that Redis has lost, and be further along than the present one. No messages are held back because of it.
        await using var later = await HubAsync(0, _anna, query: $"since={group}:lost:500");
        Assert.False((await later.NextWhereAsync(next => next.Name == "subscribed" && next.Group == group)).Recovered);
        await writer.PostAsync(group, "later");
        Assert.Equal("later", (await later.NextAsync("message")).Message);
    }

    [Fact]
    public async Task Presence_WithoutTheRight_IsSeenByNoWay()
    {
        var group = Unique("dark");
        await AssertRefusedAsync(() => ConnectAsync(0, $"/chat/group/{group}/{_anna}?format=json&presence=true"));
        await using var channel = await ConnectAsync(0, $"/chat/channel/{_anna}?format=json&presence=true");
        Assert.Equal("all", (await channel.NextFrameAsync("presence")).Topic);
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{group}}"}""");
        await AssertForbiddenAsync(channel, $"group:{group}");
        await using var hub = await HubAsync(0, _anna);
        await hub.JoinAsync(group);
        await AssertForbiddenAsync(() => hub.PresenceAsync(group));
        await AssertForbiddenAsync(() => hub.PresenceAsync(group, watch: false));
    }

    [Fact]
    public async Task User_NobodyMayWriteTo_HearsOnlyThemselves()
    {
        var hermit = Unique("hermit");
        await using var text = await ConnectAsync(0, $"/chat/user/{_anna}");
        await using var channel = await ConnectAsync(1, $"/chat/channel/{_anna}?format=json");
        await using var hub = await HubAsync(1, _anna);

        await text.SendAsync($$"""{"Id":"{{hermit}}","Msg":"x"}""");
        Assert.Equal(Sentence, await text.NextAsync());
        for (var i = 0; i < 3; i++)
        {
            await channel.SendAsync($$"""{"Method":"One","MsgBody":{"Id":"{{hermit}}","Msg":"x"},"MsgId":"m{{i}}"}""");
            await AssertForbiddenAsync(channel, $"user:{hermit}", $"m{i}");
        }

        await AssertForbiddenAsync(() => hub.SendAsync(hermit, "x"));
        await hub.SendAsync(_anna, "x");
    }

    [Fact]
    public async Task Token_SaysWhatItsUserMay_AtBothDoors()
    {
        var (team, news, other) = (Unique("team"), Unique("letters"), Unique("other"));
        var token = Token(_anna, $$"""{"group:team-*":["join","post"],"group:{{news}}":["join"],"*":[]}""");
        await using var json = await ConnectAsync(0, $"/chat/group/{team}/{_anna}?format=json", token);
        await json.SendAsync("""{"Msg":"x","MsgId":"a"}""");
        await json.NextFrameAsync("ack");
        await using var letters = await ConnectAsync(0, $"/chat/group/{news}/{_anna}?format=json", token);
        await letters.SendAsync("""{"Msg":"x","MsgId":"b"}""");
        await AssertForbiddenAsync(letters, $"group:{news}", "b");
        await AssertRefusedAsync(() => ConnectAsync(0, $"/chat/group/{other}/{_anna}", token));
        await AssertRefusedAsync(() => ConnectAsync(0, $"/chat/all/{_anna}", token));

        // A channel may subscribe to more than all.
        await using var channel = await ConnectAsync(1, $"/chat/channel/{_anna}?format=json", token);
        Assert.Equal($"user:{_anna}", (await channel.NextFrameAsync("subscribed")).Topic);
        await AssertForbiddenAsync(channel, "all");
        await channel.SendAsync("""{"Method":"All","MsgBody":"x","MsgId":"c"}""");
        await AssertForbiddenAsync(channel, "all", "c");

        await using var hub = await HubAsync(1, _anna, token);
        Assert.Equal(["first", "second"], [(await hub.NextAsync("forbidden")).Group!, (await hub.NextAsync("forbidden")).Group!]);
        await hub.JoinAsync(team);
        await hub.PostAsync(team, "x");
        await AssertForbiddenAsync(() => hub.JoinAsync(other));
        await AssertForbiddenAsync(() => hub.PostAsync("first", "x"));
        await AssertForbiddenAsync(() => hub.SendAsync(_service, "x"));
    }

    // The groups of a user in Redis were once taken for the right to be in them.
    [Fact]
    public async Task Groups_OfBefore_AreNotTakenUpWithoutTheRight()
    {
        var (team, other) = (Unique("team"), Unique("other"));
        await using (var before = await HubAsync(0, _anna))
        {
            await before.JoinAsync(team);
            await before.JoinAsync(other);
        }

        await using var later = await HubAsync(1, _anna, Token(_anna, """{"group:other-*":[],"group:first":[],"group:second":[]}"""));
        string[] refused = [(await later.NextAsync("forbidden")).Group!, (await later.NextAsync("forbidden")).Group!, (await later.NextAsync("forbidden")).Group!];
        Assert.Equal(["first", other, "second"], refused.Order(StringComparer.Ordinal));

        // The same when another device, with another token, joins the group again.
        await using var free = await HubAsync(0, _anna);
        await free.LeaveAsync(other);
        await free.JoinAsync(other);
        await free.PostAsync(other, "not for it");
        await free.PostAsync(team, "for both");
        Assert.Equal("for both", (await later.NextAsync("message")).Message);
    }

    // The leave of a user without rights was once told to all members, and took a place in the log of a group that was closed to that user.
    [Fact]
    public async Task Leaving_WithoutTheRightToBeIn_IsRefused_AndLeavesNothing()
    {
        var closed = Unique("closed");
        await using var service = await HubAsync(0, _service, Token(_service, role: "service"));
        await service.JoinAsync(closed);
        await using var anna = await HubAsync(0, _anna);

        Assert.Contains("not_member: ", (await Assert.ThrowsAsync<HubException>(() => anna.LeaveAsync(closed))).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await service.PostAsync(closed, "the first")).Offset);
    }

    [Fact]
    public async Task Refresh_WithFewerRights_TakesTopicsAwayAtOnce()
    {
        var (team, other) = (Unique("team"), Unique("other"));
        await using var anna = await HubAsync(0, _anna);
        await using var ben = await HubAsync(1, _service);
        await anna.JoinAsync(team);
        await anna.JoinAsync(other);
        await anna.PresenceAsync(team);

        await anna.RefreshAsync(Token(_anna, $$"""{"group:{{team}}":["join"],"group:other-*":[]}"""));
        Assert.Equal(other, (await anna.NextAsync("forbidden")).Group);
        await ben.PostAsync(other, "not for her");
        await ben.PostAsync(team, "for her");
        Assert.Equal("for her", (await anna.NextAsync("message")).Message);
        await AssertForbiddenAsync(() => anna.PostAsync(team, "x"));
        await AssertForbiddenAsync(() => anna.HistoryAsync(team));
        await AssertForbiddenAsync(() => anna.PresenceAsync(team));

        await anna.RefreshAsync(Token(_anna));
        await anna.PostAsync(team, "again");
        await anna.JoinAsync(other);
    }
}
