using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A connection may ask to be told its groups and their positions.</summary>
public sealed class PositionsTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _anna = Unique("anna");
    private readonly string _group = Unique("group");

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Connection_ThatAsks_IsToldWhoAndWhereItIs_ItsGroups_AndItsOwnMessagesLast(HubTransport transport)
    {
        HubPublished posted;
        await using (var before = await Cluster.ConnectAsync(0, _anna))
        {
            await before.JoinAsync(_group);
            posted = await before.PostAsync(_group, "x");
        }

        await using var anna = await HubDotNetClient.ConnectAsync(
            Cluster.Nodes.Nodes[1].Address, _anna, transport, new HubClientOptions { Query = "positions=true" });
        var told = await anna.UntilAsync(next => next.To == _anna);

        Assert.True(told[0].GroupsSince > 0);
        Assert.Equal(new HubEvent("connected", User: _anna, Node: Cluster.Nodes.Nodes[1].Id, GroupsSince: told[0].GroupsSince), told[0]);
        told.RemoveAt(0);
        Assert.All(told, next => Assert.Equal(("subscribed", true), (next.Name, next.Recovered)));
        Assert.Equal(new[] { "first", "second", _group }.Order(), told.SkipLast(1).Select(next => next.Group!).Order());
        Assert.Equal((posted.Epoch, posted.Offset), told.Where(next => next.Group == _group).Select(next => (next.Epoch, next.Offset)).Single());
    }

    [Fact]
    public async Task Connection_ThatAsksInOtherWords_IsRefused() =>
        Assert.Equal(400, (await Assert.ThrowsAsync<RefusedException>(
            () => HubDotNetClient.ConnectAsync(Cluster.Nodes.Nodes[0].Address, _anna, HubTransport.WebSockets, new HubClientOptions { Query = "positions=maybe" }))).Status);
}
