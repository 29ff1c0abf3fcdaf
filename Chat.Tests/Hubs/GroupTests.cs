using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Groups: who hears what, in which order, with raw members among them.</summary>
public sealed class GroupTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private readonly string _group = Unique("group");
    private readonly string _anna = Unique("anna");
    private readonly string _ben = Unique("ben");

    [Fact]
    public async Task Connecting_JoinsTheDefaultChats_AndNoOther()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);

        await ben.PostAsync(_group, "to a group nobody is in");
        await ben.PostAsync("first", _ben);
        await ben.PostAsync("second", _ben);

        // Other tests may write to the default chats, too.
        var heard = await anna.UntilAsync(next => (next.Group, next.Message) == ("second", _ben));
        Assert.Contains(heard, next => (next.Name, next.Group, next.Message, next.Nick) == ("message", "first", _ben, _ben));
        Assert.All(heard, next => Assert.Contains(next.Group, (string[])["first", "second"]));
    }

    [Fact]
    public async Task Nick_InThePayload_IsNotTrusted()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await anna.JoinAsync(_group);

        await ben.InvokeAsync("join", new { group = _group, nick = _anna });
        await ben.InvokeAsync("post", new { message = "It was anna.", group = _group, nick = _anna });
        await ben.InvokeAsync("leave", new { group = _group, nick = _anna });

        // Signals and messages have no order between them.
        var heard = new List<HubEvent>();
        while (heard.Count < 3)
        {
            heard.Add(await anna.NextWhereAsync(next => next.Group == _group));
        }

        Assert.Equal([("joined", _ben), ("lost", _ben), ("message", _ben)], heard.Select(next => (next.Name, next.Nick!)).Order());
        await ben.PostAsync(_group, "anna is still there");
        Assert.Equal("anna is still there", (await anna.NextAsync("message")).Message);
    }

    [Fact]
    public async Task Unsubscribe_TakesOutThisConnectionAlone_AndTellsNobody()
    {
        await using var phone = await ConnectAsync(_anna);
        await using var tablet = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await Task.WhenAll(phone.JoinAsync(_group), tablet.JoinAsync(_group), ben.JoinAsync(_group));

        await phone.UnsubscribeAsync(_group);
        await ben.PostAsync(_group, "hello");
        await ben.SendAsync(_anna, "fence");

        Assert.Equal("hello", (await tablet.NextAsync("message")).Message);
        Assert.DoesNotContain(await phone.UntilAsync(next => next.Name == "direct"), next => next.Name == "message");
        Assert.DoesNotContain(await ben.UntilAsync(next => next.Message == "hello"), next => next.Name is "lost" or "mirror");
    }

    [Fact]
    public async Task RawAndHubMembers_HearEachOther_InOneOrder()
    {
        await using var json = await Cluster.ConnectAsync($"/chat/group/{_group}/json?format=json");
        await using var text = await Cluster.ConnectAsync($"/chat/group/{_group}/text");
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben, HubTransport.LongPolling);
        await anna.JoinAsync(_group);
        await ben.JoinAsync(_group);
        const int Each = 20;

        for (var i = 0; i < Each; i++)
        {
            await Task.WhenAll(
                anna.PostAsync(_group, $"anna {i}"),
                ben.PostAsync(_group, $"ben {i}"),
                text.SendAsync($"text {i}"),
                json.SendJsonAsync(new { Msg = $"json {i}" }));
        }

        var atAnna = await MessagesAsync(anna, 4 * Each);
        var atBen = await MessagesAsync(ben, 4 * Each);
        Assert.Equal(atAnna, atBen);
        Assert.Equal(Enumerable.Range(1, 4 * Each).Select(i => (long)i), atAnna.Select(message => message.Offset));

        // Raw members do not get their own messages back.
        var others = new List<(long, string?, string?)>();
        while (others.Count < 3 * Each)
        {
            if (await json.NextFrameAsync() is { Type: "message" } frame)
            {
                others.Add((frame.Offset, frame.From, frame.Msg));
            }
        }

        Assert.Equal(atAnna.Where(message => message.Nick != "json").Select(message => (message.Offset, message.Nick, message.Message)), others);
        var texts = await text.UntilAsync(line => line.EndsWith(atAnna.Last(message => message.Nick != "text").Message!, StringComparison.Ordinal));
        Assert.Equal(
            atAnna.Where(message => message.Nick != "text").Select(message => $"group 【{_group}】 user 【{message.Nick}】 send:{message.Message}"),
            texts.Where(line => line.Contains(" send:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Typing_IsToldOnceASecond_AndKeptNowhere()
    {
        await using var phone = await ConnectAsync(_anna);
        await using var tablet = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await ben.JoinAsync(_group);
        await phone.JoinAsync(_group);
        await tablet.JoinAsync(_group);

        for (var i = 0; i < 10; i++)
        {
            await phone.TypingAsync(_group);
            await tablet.TypingAsync(_group);
        }

        await phone.PostAsync(_group, "there");
        var heard = await ben.UntilAsync(next => next.Message == "there");
        Assert.Equal(new HubEvent("typing", _group, _anna), Assert.Single(heard, next => next.Name == "typing"));
        Assert.Equal(1, heard[^1].Offset);

        // Once the second is over, the next is told again. There is no signal for that but the telling itself.
        await Eventually.TrueAsync(async () =>
        {
            await phone.TypingAsync(_group);
            return ben.Pending().Any(next => next.Name == "typing");
        });
    }

    [Fact]
    public async Task ChatNamedLikeAUser_ReadsNothingOfTheirs()
    {
        await using var anna = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await using var thief = await ConnectAsync(Unique("thief"));
        string[] names = [_anna, $"user-{_anna}", $"user.{_anna}", $"group-{_anna}"];
        foreach (var name in names)
        {
            await thief.JoinAsync(name);
        }

        await anna.JoinAsync(_group);
        await ben.SendAsync(_anna, "a secret");
        await using (var raw = await Cluster.ConnectAsync($"/chat/user/{_ben}"))
        {
            await raw.SendJsonAsync(new { Id = _anna, Msg = "another" });
            await anna.NextWhereAsync(next => next.Message == "another");
        }

        await anna.LeaveAsync(_group); // the mirror goes to anna's own devices
        await anna.NextAsync("mirror");
        await ben.PostAsync(_anna, "to the chat of that name");

        Assert.Equal("to the chat of that name", Assert.Single(await thief.UntilAsync(next => next.Group == _anna && next.Name == "message")).Message);
        await ben.PostAsync("first", _ben); // comes to anna's device behind whatever may have come before
        Assert.DoesNotContain(await anna.UntilAsync(next => next.Message == _ben), next => next.Message == "to the chat of that name");
    }

    private static string Unique(string name) => $"{name}-{Guid.NewGuid():N}"[..16];

    private async Task<List<HubEvent>> MessagesAsync(HubClient client, int count)
    {
        var messages = new List<HubEvent>();
        while (messages.Count < count)
        {
            messages.Add(await client.NextWhereAsync(next => next.Name == "message" && next.Group == _group));
        }

        return messages;
    }

    private async Task<HubDotNetClient> ConnectAsync(string nick, HubTransport transport = HubTransport.WebSockets) =>
        await HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport);
}
