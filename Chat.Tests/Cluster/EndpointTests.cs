using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>The raw endpoints through the edge: members are on different nodes, and texts arrive exactly as written.</summary>
public sealed class EndpointTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [Fact]
    public async Task User_OnAnotherNode_GetsTheMessageAndAnswers()
    {
        await using var ada = await Cluster.ConnectAsync("/chat/user/ada");
        await using var bob = await Cluster.ConnectElsewhereAsync("/chat/user/bob", ada.Node);

        await ada.SendAsync("""{"Id":"bob","Msg":"hello"}""");
        Assert.Equal("user ada send:hello", await bob.NextAsync());

        await bob.SendAsync("""{"Id":"ada","Msg":"hi"}""");
        Assert.Equal("user bob send:hi", await ada.NextAsync());
        Assert.NotEqual(ada.Node, bob.Node);
    }

    [Fact]
    public async Task User_WithConnectionsOnSeveralNodes_GetsTheMessageOnEach()
    {
        await using var sender = await Cluster.ConnectAsync("/chat/user/u-from");
        await using var here = await Cluster.ConnectAsync("/chat/user/u-to");
        await using var there = await Cluster.ConnectElsewhereAsync("/chat/user/u-to", here.Node);
        await using var channel = await Cluster.ConnectAsync("/chat/channel/u-to");

        await sender.SendAsync("""{"Id":"u-to","Msg":"to all of you"}""");

        foreach (var connection in new[] { here, there, channel })
        {
            Assert.Equal("user u-from send:to all of you", await connection.NextAsync());
        }
    }

    [Fact]
    public async Task User_WritingToThemselves_IsHeardByTheirOtherConnections()
    {
        await using var one = await Cluster.ConnectAsync("/chat/user/self");
        await using var other = await Cluster.ConnectElsewhereAsync("/chat/user/self", one.Node);

        await one.SendAsync("""{"Id":"self","Msg":"1"}""");
        Assert.Equal("user self send:1", await other.NextAsync());

        // If the first message had come back to its sender, it would be received now.
        await other.SendAsync("""{"Id":"self","Msg":"2"}""");
        Assert.Equal("user self send:2", await one.NextAsync());
    }

    [Fact]
    public async Task Group_AcrossNodes_HearsEachOtherAndNotItself()
    {
        await using var ada = await Cluster.ConnectAsync("/chat/group/g1/ada");
        await using var bob = await Cluster.ConnectElsewhereAsync("/chat/group/g1/bob", ada.Node);
        await using var adaToo = await Cluster.ConnectElsewhereAsync("/chat/group/g1/ada", ada.Node);

        await ada.SendAsync("any text, \"quoted\" or not 🙂");
        foreach (var other in new[] { bob, adaToo })
        {
            Assert.Equal("group 【g1】 user 【ada】 send:any text, \"quoted\" or not 🙂", await other.NextAsync());
        }

        await bob.SendAsync("back");
        Assert.Equal("group 【g1】 user 【bob】 send:back", await ada.NextAsync());
        Assert.Equal("group 【g1】 user 【bob】 send:back", await adaToo.NextAsync());
    }

    [Fact]
    public async Task All_AcrossNodesAndEndpoints_HearsEachOtherAndNotItself()
    {
        await using var ada = await Cluster.ConnectAsync("/chat/all/ada-a");
        await using var bob = await Cluster.ConnectElsewhereAsync("/chat/all/bob-a", ada.Node);
        await using var cid = await Cluster.ConnectElsewhereAsync("/chat/channel/cid-a", ada.Node);

        await ada.SendAsync("hello all");
        Assert.Equal("user 【ada-a】 send all:hello all", await bob.NextAsync());
        Assert.Equal("user 【ada-a】 send all:hello all", await cid.NextAsync());

        await cid.SendAsync("""{"Method":"All","MsgBody":"from a channel"}""");
        Assert.Equal("user 【cid-a】 send all:from a channel", await ada.NextAsync());
        Assert.Equal("user 【cid-a】 send all:from a channel", await bob.NextAsync());

        await bob.SendAsync("from bob");
        Assert.Equal("user 【bob-a】 send all:from bob", await cid.NextAsync());
    }

    [Fact]
    public async Task Channel_MethodOne_ReachesTheUser()
    {
        await using var from = await Cluster.ConnectAsync("/chat/channel/c1-from");
        await using var to = await Cluster.ConnectElsewhereAsync("/chat/user/c1-to", from.Node);

        await from.SendAsync("""{"Method":"One","MsgBody":{"Id":"c1-to","Msg":"just you"}}""");

        Assert.Equal("user c1-from send:just you", await to.NextAsync());
    }

    [Fact]
    public async Task Channel_JoiningAGroup_TellsTheJoinerAndTheGroup()
    {
        await using var member = await Cluster.ConnectAsync("/chat/group/c2/old");
        await using var joiner = await Cluster.ConnectElsewhereAsync("/chat/channel/new", member.Node);

        await joiner.SendAsync("""{"Method":"UserGroup","Group":"c2"}""");
        Assert.Equal("user 【new】 add  to group 【c2】", await joiner.NextAsync());
        Assert.Equal("group 【c2】 user 【new】 send:user 【new】 add  to group 【c2】", await member.NextAsync());

        await joiner.SendAsync("""{"Method":"Group","Group":"c2","MsgBody":"hello"}""");
        Assert.Equal("group 【c2】 user 【new】 send:hello", await member.NextAsync());

        await member.SendAsync("welcome");
        Assert.Equal("group 【c2】 user 【old】 send:welcome", await joiner.NextAsync());
    }

    [Fact]
    public async Task Channel_WritingToAGroupItIsNotIn_IsTold()
    {
        await using var member = await Cluster.ConnectAsync("/chat/group/c3/member");
        await using var outsider = await Cluster.ConnectElsewhereAsync("/chat/channel/out", member.Node);

        await outsider.SendAsync("""{"Method":"Group","Group":"c3","MsgBody":"let me in"}""");
        Assert.Equal("user 【out】 not in 【c3】", await outsider.NextAsync());

        await outsider.SendAsync("""{"Method":"Group","Group":"nobody-here","MsgBody":"?"}""");
        Assert.Equal("group【nobody-here】 not exists", await outsider.NextAsync());
    }

    [Theory]
    [InlineData("""{"Id":1001,"Msg":2}""", "2")]
    [InlineData("""{"Id":1001,"Msg":true}""", "true")]
    [InlineData("""{"Id":"1001","Msg":null}""", "")]
    [InlineData("""{"Id":1001}""", "")]
    public async Task User_SendingWhatTheSeedsClientsSend_IsHeard(string json, string msg)
    {
        await using var from = await Cluster.ConnectAsync("/chat/user/1000");
        await using var to = await Cluster.ConnectElsewhereAsync("/chat/user/1001", from.Node);

        await from.SendAsync(json);

        Assert.Equal("user 1000 send:" + msg, await to.NextAsync());
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("""{"Msg":"x"}""")]
    [InlineData("""{"Id":"x","Msg":""")]
    [InlineData("""{"Id":" ace","Msg":"hi"}""")]
    public async Task User_SendingABadMessage_GetsAnErrorAndStays(string bad)
    {
        await using var ada = await Cluster.ConnectAsync("/chat/user/bad-a");
        await using var bob = await Cluster.ConnectElsewhereAsync("/chat/user/bad-b", ada.Node);

        await ada.SendAsync(bad);
        Assert.StartsWith("error: ", await ada.NextAsync(), StringComparison.Ordinal);

        await ada.SendAsync("""{"Id":"bad-b","Msg":"still here"}""");
        Assert.Equal("user bad-a send:still here", await bob.NextAsync());
    }

    [Fact]
    public async Task Json_OnEachSide_CarriesIdsPositionsAndAcks()
    {
        await using var ada = await Cluster.ConnectAsync("/chat/group/j1/ada?format=json");
        await using var bob = await Cluster.ConnectElsewhereAsync("/chat/group/j1/bob?format=json", ada.Node);
        var joined = await ada.NextFrameAsync();
        Assert.Equal(("subscribed", "group:j1", true), (joined.Type, joined.Topic, joined.Recovered));

        await ada.SendAsync("""{"Msg":"hi \u00e9 \"x\"","MsgId":"m-1"}""");

        var ack = await ada.NextFrameAsync();
        Assert.Equal(("ack", "m-1", joined.Offset + 1), (ack.Type, ack.Id, ack.Offset));
        var message = await bob.NextFrameAsync("message");
        Assert.Equal(("group:j1", "ada", "hi é \"x\"", "m-1"), (message.Topic, message.From, message.Msg, message.Id));
        Assert.Equal(ack.Position, message.Position);
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(message.At), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }
}
