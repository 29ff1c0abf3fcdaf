using Chat.Tests.Auth;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>A backend puts users into groups and takes them out, with every device on every node.</summary>
public sealed class GroupCallTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    private readonly string _group = Unique("g");
    private readonly string _anna = Unique("anna");

    [Fact]
    public async Task Add_LetsEveryDeviceHearTheGroup_FromTheAnswerOn()
    {
        await using var here = await ConnectAsync(Nodes.Deployed, _anna);
        await using var there = await ConnectAsync(Nodes.Developed, _anna);
        await using var witness = await ConnectAsync(Nodes.Developed, Unique("ben"));
        await witness.JoinAsync(_group);

        Assert.Equal(new ConfirmedAnswer(2, 2), await AddAsync());

        await witness.PostAsync(_group, "welcome");
        foreach (var device in new[] { here, there })
        {
            Assert.Equal((_group, "welcome"), await device.NextAsync("message") is var next ? (next.Group, next.Message) : default);
        }

        Assert.Equal(_anna, (await witness.NextAsync("joined")).Nick);
        await using var later = await ConnectAsync(Nodes.Developed, _anna);
        await witness.PostAsync(_group, "again");
        Assert.Equal("again", (await later.NextAsync("message")).Message);
    }

    // A user who never connected has the default groups, and this one.
    [Fact]
    public async Task Add_OfAUserWhoNeverCame_KeepsTheDefaults()
    {
        await AddAsync();
        Assert.Equal(["first", _group, "second"], (await GroupsAsync()).Groups); // "first" < "g-…" < "second"

        Assert.Equal(new ConfirmedAnswer(2, 2), await RemoveAsync("first"));
        await using var anna = await ConnectAsync(Nodes.Developed, _anna);
        Assert.Equal([_group, "second"], (await GroupsAsync()).Groups.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Remove_TakesEveryConnectionOut_AndSaysSo()
    {
        await using var device = await ConnectAsync(Nodes.Deployed, _anna);
        await device.JoinAsync(_group);
        await using var witness = await ConnectAsync(Nodes.Developed, Unique("ben"));
        await witness.JoinAsync(_group);
        await using var raw = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{_group}/{_anna}");
        await using var channel = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/channel/{_anna}?format=json");
        await channel.SendAsync($$"""{"Method":"UserGroup","Group":"{{_group}}"}""");
        await channel.NextFrameAsync("joined");

        Assert.Equal(new ConfirmedAnswer(2, 2), await RemoveAsync(_group));

        await witness.PostAsync(_group, "not for anna");
        await Api.PostAsync("publish", new { topic = "user:" + _anna, msg = "for anna" });
        Assert.Equal(4403, (await raw.ClosedAsync()).Code);
        Assert.Equal(new HubEvent("mirror", Method: "unsubscribe", Payload: new HubGroup(_group)), await device.NextAsync("mirror"));
        Assert.Equal("for anna", (await device.NextAsync("direct")).Message);
        Assert.DoesNotContain(device.Pending(), next => next.Name == "message");
        Assert.Equal(_anna, (await witness.NextAsync("lost")).Nick);
        await channel.NextFrameAsync("left");
        Assert.Equal("for anna", (await channel.NextFrameAsync("message")).Msg);
        Assert.DoesNotContain(_group, (await GroupsAsync()).Groups);
    }

    [Fact]
    public async Task AddAndRemove_MayBeRepeated()
    {
        Assert.Equal(new ConfirmedAnswer(2, 2), await AddAsync());
        Assert.Equal(new ConfirmedAnswer(2, 2), await AddAsync());
        Assert.Equal(new ConfirmedAnswer(2, 2), await RemoveAsync(_group));
        Assert.Equal(new ConfirmedAnswer(2, 2), await RemoveAsync(_group));
        Assert.Equal(new ConfirmedAnswer(2, 2), await RemoveAsync(Unique("nobody-is-in")));
    }

    // Redis has noted the joining, and its answer to that got lost. The backend gets 503 and calls again. Once, nobody was then told.
    [Fact]
    public async Task Add_RepeatedAfterTheFirstAnswerGotLost_TellsTheOthers()
    {
        await using var witness = await ConnectAsync(Nodes.Developed, Unique("ben"));
        await witness.JoinAsync(_group);
        await using var redis = await RedisBackplaneNode.StartAsync(Nodes.Redis.ConnectionString);
        await redis.Memberships.JoinAsync(Chat.Api.Messages.Topic.User(_anna), _group, 100);

        Assert.Equal(new ConfirmedAnswer(2, 2), await AddAsync());

        Assert.Equal(_anna, (await witness.NextAsync("joined")).Nick);
    }

    [Fact]
    public async Task Add_OfAUserWhoHasBeenInForLong_TellsNobody()
    {
        await using var witness = await ConnectAsync(Nodes.Developed, Unique("ben"));
        await witness.JoinAsync(_group);
        await AddAsync();
        Assert.Equal(_anna, (await witness.NextAsync("joined")).Nick);
        var ago = (DateTimeOffset.UtcNow - TimeSpan.FromMinutes(2)).ToUnixTimeMilliseconds() + "000";
        Nodes.Redis.Execute("HSET", $"{{user:{_anna}}}:groups", ":", ago, "::", ago, _group, ago);

        await AddAsync();

        await Api.PostAsync("groups/add", new { user = Unique("carl"), group = _group });
        Assert.StartsWith("carl", (await witness.NextAsync("joined")).Nick, StringComparison.Ordinal);
    }

    // Redis has marked the leave, and its answer to that got lost. The backend gets 503 and calls again. Once, nobody was then told.
    [Fact]
    public async Task Remove_RepeatedAfterTheFirstAnswerGotLost_TellsEverybody()
    {
        await using var device = await ConnectAsync(Nodes.Deployed, _anna);
        await device.JoinAsync(_group);
        await using var witness = await ConnectAsync(Nodes.Developed, Unique("ben"));
        await witness.JoinAsync(_group);
        await using var redis = await RedisBackplaneNode.StartAsync(Nodes.Redis.ConnectionString);
        await redis.Memberships.LeaveAsync(Chat.Api.Messages.Topic.User(_anna), _group, evenIfOut: true);

        Assert.Equal(new ConfirmedAnswer(2, 2), await RemoveAsync(_group));

        Assert.Equal(new HubEvent("mirror", Method: "unsubscribe", Payload: new HubGroup(_group)), await device.NextAsync("mirror"));
        Assert.Equal(_anna, (await witness.NextAsync("lost")).Nick);
    }

    // Otherwise a backend that looks now and then would keep the groups of users who never come back.
    [Fact]
    public async Task Groups_ThatABackendLooksAt_AreKeptNoLongerForIt()
    {
        await AddAsync();
        var key = $"{{user:{_anna}}}:groups";
        Nodes.Redis.Execute("PEXPIRE", key, "600000");

        Assert.Contains(_group, (await GroupsAsync()).Groups);

        Assert.InRange((long)Nodes.Redis.Execute("PTTL", key)!, 1, 600_000);
    }

    [Fact]
    public async Task Groups_ComeInPages()
    {
        foreach (var group in NastyIds.Some)
        {
            await Api.PostAsync("groups/add", new { user = _anna, group });
        }

        var all = new List<string>();
        for (string? after = null; ;)
        {
            var page = (await Api.GetAsync($"groups?user={_anna}&limit=5" + (after is null ? "" : "&after=" + Uri.EscapeDataString(after)))).Read<GroupsAnswer>();
            Assert.Equal(NastyIds.Some.Length + 2, page.Count);
            Assert.InRange(page.Groups.Length, 1, 5);
            all.AddRange(page.Groups);
            if ((after = page.Next) is null)
            {
                break;
            }
        }

        Assert.Equal([.. NastyIds.Some.Append("first").Append("second").Order(StringComparer.Ordinal)], all);
    }

    [Fact]
    public async Task Add_BeyondWhatAUserMayBeIn_IsAProblem()
    {
        await Task.WhenAll(Enumerable.Range(0, 98).Select(i => Api.PostAsync("groups/add", new { user = _anna, group = $"g{i}" })));

        (await Api.PostAsync("groups/add", new { user = _anna, group = "one-too-many" })).IsProblem(409, "too_many_groups");
        (await Api.PostAsync("groups/add", new { user = " ", group = "g" })).IsProblem(400, "invalid_id");
        (await Api.PostAsync("groups/remove", new { user = "a", group = "" })).IsProblem(400, "invalid_id");
        (await Api.GetAsync("groups?user=%0A")).IsProblem(400, "invalid_id");
        (await Api.GetAsync("groups")).IsProblem(400, "malformed");
        (await Api.GetAsync("groups?user=a&limit=0")).IsProblem(400, "malformed");
    }

    private async Task<ConfirmedAnswer> AddAsync() => (await Api.PostAsync("groups/add", new { user = _anna, group = _group })).Read<ConfirmedAnswer>();

    private async Task<ConfirmedAnswer> RemoveAsync(string group) => (await Api.PostAsync("groups/remove", new { user = _anna, group })).Read<ConfirmedAnswer>();

    private async Task<GroupsAnswer> GroupsAsync() => (await Api.GetAsync("groups?user=" + _anna)).Read<GroupsAnswer>();

    internal static Task<HubDotNetClient> ConnectAsync(NodeProcess node, string user) =>
        HubDotNetClient.ConnectAsync(node.Address, user, HubTransport.WebSockets, new HubClientOptions { Token = () => TestToken.For(user) });

    private sealed record ConfirmedAnswer(int Nodes, int Confirmed);

    private sealed record GroupsAnswer(string User, int Count, string[] Groups, string? Next);
}
