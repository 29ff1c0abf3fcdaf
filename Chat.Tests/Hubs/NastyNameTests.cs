using System.Text;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Users and groups may have any visible name: through Redis, through the edge, on the raw endpoints and the hub.</summary>
public sealed class NastyNameTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _mark = Guid.NewGuid().ToString("N")[..8];

    [Fact]
    public async Task Users_WhateverTheyAreCalled_GetTheirOwnMessages_AndNoOthers()
    {
        var raw = new List<ChatClient>();
        var hub = new List<HubDotNetClient>();
        var names = NastyIds.Some.Select(Named).ToArray();
        foreach (var name in names)
        {
            raw.Add(await Cluster.Edge.ConnectAsync($"/chat/user/{Uri.EscapeDataString(name)}?format=json"));
            hub.Add(await HubDotNetClient.ConnectAsync(Cluster.Edge.Address, name));
        }

        await using var sender = await Cluster.Edge.ConnectAsync($"/chat/user/{Uri.EscapeDataString(names[0])}");
        foreach (var name in names)
        {
            await sender.SendJsonAsync(new { Id = name, Msg = name });
            await hub[1].SendAsync(name, "from the hub");
        }

        for (var i = 0; i < names.Length; i++)
        {
            ChatFrame[] frames = [await raw[i].NextFrameAsync("message"), await raw[i].NextFrameAsync()];
            HubEvent[] events = [await hub[i].NextAsync("direct"), await hub[i].NextAsync("direct")];

            // There is no order between the two senders.
            (string?, string?, string?)[] expected = [(names[i], names[0], names[i]), (names[i], names[1], "from the hub")];
            Assert.Equal(expected.Order(), frames.Select(frame => (frame.Topic?["user:".Length..], frame.From, frame.Msg)).Order());
            Assert.Equal(expected.Order(), events.Select(direct => (direct.To, direct.Nick, direct.Message)).Order());
            Assert.Empty(raw[i].Pending());
            await raw[i].DisposeAsync();
            await hub[i].DisposeAsync();
        }

        Assert.DoesNotContain(_mark, Cluster.Nodes.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_WhateverTheyAreCalled_AreJoined_WrittenTo_Resumed_AndLeft()
    {
        foreach (var name in NastyIds.Some.Select(Named))
        {
            var (user, id) = ("u " + name, Uri.EscapeDataString(name));
            await using var text = await Cluster.Edge.ConnectAsync($"/chat/group/{id}/{Uri.EscapeDataString("t" + name)}");
            await using var raw = await Cluster.Edge.ConnectAsync($"/chat/group/{id}/{Uri.EscapeDataString(user)}?format=json");
            await using var other = await Cluster.ConnectAsync(1, "o" + name);
            await other.JoinAsync(name);
            string since;
            await using (var hub = await Cluster.ConnectAsync(0, user))
            {
                await hub.JoinAsync(name);
                Assert.Equal((name, user), await other.NextAsync("joined") is var joined ? (joined.Group, joined.Nick) : default);
                since = (await hub.PostAsync(name, "one")) is var at ? $"{at.Epoch}:{at.Offset}" : "";
                Assert.Equal((name, user, "one"), await other.NextAsync("message") is var one ? (one.Group, one.Nick, one.Message) : default);
                Assert.Equal($"group 【{name}】 user 【{user}】 send:one", await text.NextAsync());
                Assert.Equal(("group:" + name, user, "one"), await raw.NextFrameAsync("message") is var frame ? (frame.Topic, frame.From, frame.Msg) : default);
            }

            await other.PostAsync(name, "missed");
            var query = "?since=" + Uri.EscapeDataString($"first:x:0,{Uri.EscapeDataString(name)}:{since}");
            await using var back = await HubDotNetClient.ConnectAsync(Cluster.Edge.Address, user, options: new HubClientOptions { Query = query });
            Assert.Equal("missed", (await back.NextWhereAsync(next => next.Name == "message" && next.Group == name)).Message);

            Assert.Equal(new HubLeft(3, 3), await back.LeaveAsync(name));
            Assert.Equal((name, user), await other.NextAsync("lost") is var lost ? (lost.Group, lost.Nick) : default);
            Assert.Equal(4403, (await raw.ClosedAsync()).Code);
        }
    }

    [Fact]
    public async Task Channel_OfAGroupWithANastyName_TellsAndCarries()
    {
        foreach (var name in NastyIds.Some.Select(Named))
        {
            await using var member = await Cluster.Nodes.ConnectAsync(0, $"/chat/group/{Uri.EscapeDataString(name)}/m");
            await using var channel = await Cluster.Nodes.ConnectAsync(1, $"/chat/channel/{Uri.EscapeDataString(name)}");
            await channel.SendJsonAsync(new { Method = "UserGroup", Group = name });
            Assert.Equal($"user 【{name}】 add  to group 【{name}】", await channel.NextAsync());
            Assert.Equal($"group 【{name}】 user 【{name}】 send:user 【{name}】 add  to group 【{name}】", await member.NextAsync());
            await channel.SendJsonAsync(new { Method = "Group", Group = name, MsgBody = "hi" });
            Assert.Equal($"group 【{name}】 user 【{name}】 send:hi", await member.NextAsync());
        }
    }

    [Theory]
    [InlineData("e%CC%81-nfc", "é-nfc")] // decomposed
    [InlineData("a%2fb-slash", "a/b-slash")]
    [InlineData("a+b", "a+b")]
    public async Task User_InThePath_IsTheOneItMeans(string path, string id)
    {
        await using var user = await Cluster.Edge.ConnectAsync($"/chat/user/{path}?format=json");

        Assert.Equal("user:" + id, (await user.NextFrameAsync("subscribed")).Topic);
    }

    [Theory]
    [InlineData("a%0Ab")]
    [InlineData("%20a")]
    [InlineData("a%E2%80%8Bb")]
    [InlineData("a%FFb")]
    [InlineData("a%E2%80%AEb")]
    [InlineData("a%2")]
    public async Task User_InThePath_WhoIsNone_IsRefused(string path)
    {
        var answer = await RawHttp.SendAsync(Cluster.Edge.Address, "/chat/user/" + path, RawHttp.Upgrade());

        Assert.Equal(400, RawHttp.Status(answer));
    }

    private string Named(string id) => (id + _mark).Normalize(NormalizationForm.FormC);
}
