using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>A node of the first seed and our nodes on one Redis, during a migration. Users do not notice who is on which node.</summary>
[Collection(OpenGroup.Name)]
public sealed class MixedClusterTests(OpenCluster fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IAsyncLifetime
{
    // Characters that JSON escapes, characters that its writers escape without need, and more than one plane.
    private const string Awkward = "\"quoted\" \\ 你好 😀 <&'> \t";

    private readonly SeedNode _seed = new(fixture.Cluster.Redis);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _seed.DisposeAsync().AsTask();

    [Fact]
    public async Task Users_OfBothKindsOfNodes_ReachEachOther()
    {
        var theirs = await _seed.UserAsync("mixed1");
        await using var ours = await Cluster.ConnectAsync(0, "/chat/user/mixed2");
        await using var channel = await Cluster.ConnectAsync(1, "/chat/channel/mixed2");

        await ours.SendJsonAsync(new { Id = "mixed1", Msg = Awkward });
        Assert.Equal($"user mixed2 send:{Awkward}", await theirs.NextAsync());
        await channel.SendJsonAsync(new { Method = "One", MsgBody = new { Id = "mixed1", Msg = "from the channel" } });
        Assert.Equal("user mixed2 send:from the channel", await theirs.NextAsync());

        theirs.SendToUser("mixed2", Awkward);
        Assert.Equal($"user mixed1 send:{Awkward}", await ours.NextAsync());
        Assert.Equal($"user mixed1 send:{Awkward}", await channel.NextAsync());
    }

    [Fact]
    public async Task Members_OfAGroup_OnBothKindsOfNodes_HearEachOther()
    {
        var theirs = await _seed.GroupAsync("mixed", "g1");
        await using var ours = await Cluster.ConnectAsync(0, "/chat/group/mixed/g2");
        await using var other = await Cluster.ConnectAsync(1, "/chat/group/mixed/g3");

        await ours.SendAsync(Awkward);
        Assert.Equal($"group 【mixed】 user 【g2】 send:{Awkward}", await theirs.NextAsync());
        Assert.Equal($"group 【mixed】 user 【g2】 send:{Awkward}", await other.NextAsync());

        theirs.Send(Awkward);
        Assert.Equal($"group 【mixed】 user 【g1】 send:{Awkward}", await ours.NextAsync());
        Assert.Equal($"group 【mixed】 user 【g1】 send:{Awkward}", await other.NextAsync());
    }

    [Fact]
    public async Task Everyone_OnBothKindsOfNodes_IsHeardByAll()
    {
        var theirs = await _seed.AllAsync("a1");
        await using var ours = await Cluster.ConnectAsync(0, "/chat/all/a2");
        await using var channel = await Cluster.ConnectAsync(1, "/chat/channel/a3");

        await ours.SendAsync(Awkward);
        Assert.Equal($"user 【a2】 send all:{Awkward}", await theirs.NextAsync());
        Assert.Equal($"user 【a2】 send all:{Awkward}", await channel.NextAsync());
        await channel.SendJsonAsync(new { Method = "All", MsgBody = "from the channel" });
        Assert.Equal("user 【a3】 send all:from the channel", await theirs.NextAsync());
        Assert.Equal("user 【a3】 send all:from the channel", await ours.NextAsync());

        theirs.Send(Awkward);
        Assert.Equal($"user 【a1】 send all:{Awkward}", await ours.NextAsync());
        Assert.Equal($"user 【a1】 send all:{Awkward}", await channel.NextAsync());
    }

    // A seed node's message is in no log. It has no position and takes none from our messages.
    [Fact]
    public async Task MessageOfASeedNode_BetweenOurs_DisturbsNoPositions()
    {
        var theirs = await _seed.GroupAsync("positions", "p1");
        await using var ours = await Cluster.ConnectAsync(0, "/chat/group/positions/p2?format=json");
        await using var other = await Cluster.ConnectAsync(1, "/chat/group/positions/p3?format=json");
        var start = (await other.NextFrameAsync("subscribed")).Offset;

        await ours.SendJsonAsync(new { Msg = "one" });
        Assert.Equal(("one", start + 1), await other.NextFrameAsync() is var one ? (one.Msg, one.Offset) : default);
        theirs.Send("seed");
        var seed = await other.NextFrameAsync();
        Assert.Equal(("message", "group:positions", "p1", "seed"), (seed.Type, seed.Topic, seed.From, seed.Msg));
        Assert.Equal((null, 0, null), (seed.Epoch, seed.Offset, seed.Id));
        await ours.SendJsonAsync(new { Msg = "two" });
        Assert.Equal(("two", start + 2), await other.NextFrameAsync() is var two ? (two.Msg, two.Offset) : default);
    }

    [Fact]
    public async Task Group_OfSeedMembersAlone_ExistsForOurs()
    {
        await _seed.GroupAsync("theirs", "s1");
        await using var ours = await Cluster.ConnectAsync(0, "/chat/channel/s2");

        await ours.SendJsonAsync(new { Method = "Group", Group = "theirs", MsgBody = "hi" });
        Assert.Equal("user 【s2】 not in 【theirs】", await ours.NextAsync());
        await ours.SendJsonAsync(new { Method = "Group", Group = "nobodys", MsgBody = "hi" });
        Assert.Equal("group【nobodys】 not exists", await ours.NextAsync());
    }

    // When somebody joins on a channel of the first seed, its node publishes a text. Its nodes and ours show that text as a message of the group.
    [Fact]
    public async Task Joining_OnAChannelOfEitherKind_IsToldToTheMembersOfBoth()
    {
        var theirs = await _seed.GroupAsync("joins", "j1");
        await using var member = await Cluster.ConnectAsync(0, "/chat/group/joins/j2");
        await using var joiner = await Cluster.ConnectAsync(1, "/chat/channel/j3");
        await using var other = await Cluster.ConnectAsync(2, "/chat/channel/j3"); // the same user, but not in the group yet

        await joiner.SendJsonAsync(new { Method = "UserGroup", Group = "joins" });
        Assert.Equal("user 【j3】 add  to group 【joins】", await joiner.NextAsync());
        Assert.Equal("group 【joins】 user 【j3】 send:user 【j3】 add  to group 【joins】", await theirs.NextAsync());
        Assert.Equal("group 【joins】 user 【j3】 send:user 【j3】 add  to group 【joins】", await member.NextAsync());

        await other.SendJsonAsync(new { Method = "UserGroup", Group = "joins" });
        Assert.Equal("user 【j3】 add  to group 【joins】", await other.NextAsync());
        Assert.Equal("group 【joins】 user 【j3】 send:user 【j3】 add  to group 【joins】", await joiner.NextAsync());

        theirs.Send("user 【j1】 add  to group 【joins】");
        Assert.Equal("group 【joins】 user 【j1】 send:user 【j1】 add  to group 【joins】", await joiner.NextAsync());
    }

    // Written by another program than the seed, or by a user by hand.
    [Fact]
    public async Task Envelope_WithNumbers_AndWithoutAMessage_IsDelivered()
    {
        await using var ours = await Cluster.ConnectAsync(0, "/chat/user/2001");
        await using var json = await Cluster.ConnectAsync(1, "/chat/user/2001?format=json");
        await json.NextFrameAsync("subscribed");

        // A seed node's messages are in no log, so a client that is still joining cannot read them there. A second message shows that the text client is in.
        foreach (var sign in new[] { "first", "second" })
        {
            await json.SendJsonAsync(new { Id = "2001", Msg = sign });
            Assert.Equal("user 2001 send:" + sign, await ours.NextAsync());
        }

        _seed.Publish("user:2001", new { FromId = 2000, ToId = 2001, Msg = 7 });
        Assert.Equal("user 2000 send:7", await ours.NextAsync());
        Assert.Equal(("2000", "7"), await json.NextFrameAsync("message") is var seven ? (seven.From, seven.Msg) : default);
        _seed.Publish("user:2001", new { FromId = 2000, ToId = 2001, Msg = (string?)null });
        Assert.Equal("user 2000 send:", await ours.NextAsync());
        Assert.Equal(("2000", ""), await json.NextFrameAsync("message") is var none ? (none.From, none.Msg) : default);
    }
}
