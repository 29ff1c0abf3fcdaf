using System.Diagnostics;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Groups: who receives which messages in which order, with raw members among them.</summary>
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

        // There is no order between two groups, and other tests may write to the default chats as well.
        var heard = await UntilAllAsync(anna, next => next is { Group: "first" } && next.Message == _ben, next => next is { Group: "second" } && next.Message == _ben);
        Assert.All(heard.Where(next => next.Message == _ben), next => Assert.Equal(("message", _ben), (next.Name, next.Nick)));

        await anna.JoinAsync(_group);
        await ben.PostAsync(_group, "now she is in");
        heard.AddRange(await anna.UntilAsync(next => next.Message == "now she is in"));
        Assert.DoesNotContain(heard, next => next.Message == "to a group nobody is in");
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

        // There is no order between signals and messages.
        var heard = new List<HubEvent>();
        while (heard.Count < 3)
        {
            heard.Add(await anna.NextWhereAsync(next => next.Group == _group));
        }

        Assert.Equal([("joined", _ben), ("lost", _ben), ("message", _ben)], heard.Select(next => (next.Name, next.Nick!)).Order());
        await ben.PostAsync(_group, "anna is still there");
        Assert.Equal("anna is still there", (await anna.NextAsync("message")).Message);
    }

    // A client that came back and asked for missed messages once seemed to join each time. Without that request each join is told, as the seed's
    // clients expect (SeedPageTests).
    [Fact]
    public async Task Joining_ForWhatOneMissed_IsToldToNobody()
    {
        await using var anna = await ConnectAsync(_anna);
        await anna.JoinAsync(_group);
        await using var phone = await ConnectAsync(_ben);
        await phone.JoinAsync(_group);
        Assert.Equal(_ben, (await anna.NextAsync("joined")).Nick);
        await using var tablet = await ConnectAsync(_ben);

        await phone.JoinAsync(_group, since: "x:0");
        await tablet.JoinAsync(_group, since: "x:0");
        await tablet.LeaveAsync(_group);

        Assert.Equal(("lost", _ben), await anna.NextWhereAsync(next => next.Nick == _ben) is var next ? (next.Name, next.Nick) : default);
    }

    [Fact]
    public async Task Unsubscribe_TakesOutThisConnectionAlone_AndTellsNobody()
    {
        await using var phone = await ConnectAsync(_anna);
        await using var tablet = await ConnectAsync(_anna);
        await using var ben = await ConnectAsync(_ben);
        await using var carl = await ConnectAsync(Unique("carl"));
        await Task.WhenAll(phone.JoinAsync(_group), tablet.JoinAsync(_group), ben.JoinAsync(_group), carl.JoinAsync(_group));

        await phone.UnsubscribeAsync(_group);
        await ben.PostAsync(_group, "hello");
        Assert.Equal("hello", (await tablet.NextAsync("message")).Message);
        await carl.LeaveAsync(_group);
        Assert.Equal(carl.Nick, (await ben.NextAsync("lost")).Nick); // signals of a group keep their order, so anna's would have come before

        await phone.JoinAsync(_group);
        await ben.PostAsync(_group, "again"); // its messages keep their order, too
        Assert.DoesNotContain(await phone.UntilAsync(next => next.Message == "again"), next => next.Message == "hello");
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

        // Raw members do not receive their own messages.
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
        await using var carl = await ConnectAsync(Unique("carl"));
        await ben.JoinAsync(_group);
        await carl.JoinAsync(_group);
        await phone.JoinAsync(_group);
        await tablet.JoinAsync(_group);

        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 10; i++)
        {
            await phone.TypingAsync(_group);
            await tablet.TypingAsync(_group);
        }

        var seconds = (int)watch.Elapsed.TotalSeconds; // a slow machine may need more than one second
        var told = await phone.PostAsync(_group, "there");
        Assert.Equal(1, told.Offset);
        await carl.LeaveAsync(_group);
        var heard = await ben.UntilAsync(next => next.Name == "lost"); // signals of a group keep their order
        var typing = heard.Where(next => next.Name == "typing").ToList();
        Assert.All(typing, next => Assert.Equal(new HubEvent("typing", _group, _anna), next));
        Assert.InRange(typing.Count, 1, 1 + seconds);

        // Once the second is over, typing is told again. There is no sign of that except the notice itself.
        var looks = 0;
        await Eventually.TrueAsync(async () =>
        {
            if (looks++ % 10 == 0) // ten times a second, since a client may not call as often as this loop runs
            {
                await phone.TypingAsync(_group);
            }

            return ben.Pending().Any(next => next.Name == "typing");
        });
    }

    [Fact]
    public async Task ChatNamedLikeAUser_ReadsNothingOfTheirs()
    {
        await using var ben = await ConnectAsync(_ben);
        await using var thief = await ConnectAsync(Unique("thief"));
        string[] names = [_anna, $"user-{_anna}", $"user.{_anna}", $"group-{_anna}"];
        foreach (var name in names)
        {
            await thief.JoinAsync(name);
        }

        // On the same node, a message that reaches the wrong client arrives at the same time as at its owner.
        await using var anna = await ConnectToAsync(thief.Node, _anna);
        await anna.JoinAsync(_group);
        await ben.SendAsync(_anna, "a secret");
        await using (var raw = await Cluster.ConnectAsync($"/chat/user/{_ben}"))
        {
            await raw.SendJsonAsync(new { Id = _anna, Msg = "another" });
            await UntilAllAsync(anna, next => next.Message == "a secret", next => next.Message == "another");
        }

        await anna.LeaveAsync(_group); // the mirror goes to anna's own devices
        await anna.NextAsync("mirror");
        await ben.PostAsync(_anna, "to the chat of that name");

        Assert.Equal("to the chat of that name", Assert.Single(await thief.UntilAsync(next => next.Group == _anna && next.Name == "message")).Message);
        await ben.SendAsync(_anna, "the end");
        Assert.DoesNotContain(await anna.UntilAsync(next => next.Message == "the end"), next => next.Message == "to the chat of that name");
    }

    private static string Unique(string name) => $"{name}-{Guid.NewGuid():N}"[..16];

    // Waits for all of these, in any order.
    private static async Task<List<HubEvent>> UntilAllAsync(HubClient client, params Func<HubEvent, bool>[] wanted)
    {
        var heard = new List<HubEvent>();
        while (wanted.Any(one => !heard.Exists(next => one(next))))
        {
            heard.Add(await client.NextAsync());
        }

        return heard;
    }

    private async Task<List<HubEvent>> MessagesAsync(HubClient client, int count)
    {
        var messages = new List<HubEvent>();
        while (messages.Count < count)
        {
            messages.Add(await client.NextWhereAsync(next => next.Name == "message" && next.Group == _group));
        }

        return messages;
    }

    // The edge spreads connections evenly, except for those of other tests that are just ending, so a few attempts are enough.
    private async Task<HubDotNetClient> ConnectToAsync(string node, string nick)
    {
        var others = new List<HubDotNetClient>();
        try
        {
            while (true)
            {
                var client = await ConnectAsync(nick);
                if (client.Node == node)
                {
                    return client;
                }

                others.Add(client);
                Assert.InRange(others.Count, 1, 20);
            }
        }
        finally
        {
            await Task.WhenAll(others.Select(other => other.DisposeAsync().AsTask()));
        }
    }

    private async Task<HubDotNetClient> ConnectAsync(string nick, HubTransport transport = HubTransport.WebSockets) =>
        await HubDotNetClient.ConnectAsync(Cluster.Edge, nick, transport);
}
