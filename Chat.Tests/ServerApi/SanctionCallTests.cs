using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>A backend bans and mutes. Access/SanctionTests covers the effect on connections.</summary>
public sealed class SanctionCallTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    private readonly string _mallory = Unique("mallory");

    [Fact]
    public async Task Ban_ClosesConnectionsOnEveryNode_UntilItIsLifted()
    {
        await using var raw = await ChatClient.ConnectAsync(Nodes.Developed.Address, "/chat/user/" + _mallory);

        var ban = (await Api.PostAsync("users/ban", new { user = _mallory, seconds = 3600, reason = "spam" })).Read<Entry>();

        Assert.Equal(("ban", _mallory, null, "spam"), (ban.Kind, ban.User, ban.Topic, ban.Reason));
        Assert.InRange(ban.Until!.Value, DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(70));
        Assert.Equal(4423, (await raw.ClosedAsync()).Code);
        Assert.True((await LiftAsync("ban", null)).Value);
        Assert.False((await LiftAsync("ban", null)).Value);
        Assert.Empty((await OfUserAsync()).Sanctions);
    }

    [Fact]
    public async Task Mute_InATopic_IsListed_ForTheUserAndForAll()
    {
        await Api.PostAsync("users/mute", new { user = _mallory, topic = "group:lobby" });
        await Api.PostAsync("users/ban", new { user = _mallory, topic = "group:7", seconds = 600 });

        var own = await OfUserAsync();
        Assert.Equal([("ban", "group:7", true), ("mute", "group:lobby", false)], own.Sanctions.Select(one => (one.Kind, one.Topic!, one.Until is not null)).Order());
        Assert.Equal(1, own.Users);

        var all = new List<Entry>();
        for (string? after = null; ;)
        {
            var page = (await Api.GetAsync("sanctions?limit=1" + (after is null ? "" : "&after=" + Uri.EscapeDataString(after)))).Read<Page>();
            all.AddRange(page.Sanctions);
            if ((after = page.Next) is null)
            {
                break;
            }
        }

        Assert.Equal(2, all.Count(one => one.User == _mallory));
        Assert.True((await LiftAsync("mute", "group:lobby")).Value);
        Assert.Equal(["ban"], (await OfUserAsync()).Sanctions.Select(one => one.Kind));
    }

    [Fact]
    public async Task Sanctions_BeyondTheirRules_AreProblems()
    {
        (await Api.PostAsync("users/ban", new { user = "" })).IsProblem(400, "invalid_id");
        (await Api.PostAsync("users/ban", new { user = _mallory, topic = "lobby" })).IsProblem(400, "invalid_topic");
        (await Api.PostAsync("users/mute", new { user = _mallory, seconds = 0 })).IsProblem(400, "malformed");
        (await Api.PostAsync("users/mute", new { user = _mallory, seconds = long.MaxValue })).IsProblem(400, "malformed");
        (await Api.PostAsync("users/mute", new { user = _mallory, seconds = 1.5 })).IsProblem(400, "malformed");
        (await Api.PostAsync("users/ban", new { user = _mallory, reason = new string('x', 257) })).IsProblem(400, "invalid_reason");
        (await Api.PostAsync("users/lift", new { user = _mallory, kind = "both" })).IsProblem(400, "malformed");
        (await Api.PostAsync("users/recheck", new { user = "" })).IsProblem(400, "invalid_id");
        Assert.Equal(_mallory, (await Api.PostAsync("users/recheck", new { user = _mallory })).Read<Recheck>().User);
        foreach (var after in (string[])["-1", "", ":", "1:", "x:anna", "-1:anna", "1e3:anna", "inf:%0A"])
        {
            (await Api.GetAsync("sanctions?after=" + after)).IsProblem(400, "malformed");
        }

        Assert.Empty((await OfUserAsync()).Sanctions);
    }

    private async Task<Lifted> LiftAsync(string kind, string? topic) =>
        (topic is null ? await Api.PostAsync("users/lift", new { user = _mallory, kind }) : await Api.PostAsync("users/lift", new { user = _mallory, kind, topic })).Read<Lifted>();

    private async Task<Page> OfUserAsync() => (await Api.GetAsync("users/sanctions?user=" + _mallory)).Read<Page>();

    private sealed record Entry(string Kind, string User, string? Topic, DateTimeOffset? Until, string? Reason);

    private sealed record Lifted([property: System.Text.Json.Serialization.JsonPropertyName("lifted")] bool Value);

    private sealed record Page(long Users, Entry[] Sanctions, string? Next);

    private sealed record Recheck(string User);
}
