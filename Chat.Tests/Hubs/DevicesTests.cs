using System.Globalization;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A user is in a group with all devices: with those that connect later, and with those that are connected when one of them joins.</summary>
/// <remarks>The latter once stayed outside and received nothing until they reconnected.</remarks>
public sealed class DevicesTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("group");
    private readonly string _anna = Unique("anna");

    [Fact]
    public async Task Join_TakesTheDevicesThatAreConnected_AtTheSamePlace()
    {
        await using var ben = await Cluster.ConnectAsync(2, Unique("ben"));
        await ben.PostAsync(_group, "before");
        await using var phone = await Cluster.ConnectAsync(0, _anna);
        await using var tablet = await Cluster.ConnectAsync(1, _anna);
        await using var desk = await Cluster.ConnectAsync(0, _anna);

        var joined = await phone.JoinAsync(_group);
        await ben.PostAsync(_group, "after");

        foreach (var device in (HubClient[])[tablet, desk])
        {
            var told = await device.NextWhereAsync(next => next.Group == _group);
            Assert.Equal(("subscribed", joined.Epoch, joined.Offset, true), (told.Name, told.Epoch, told.Offset, told.Recovered));
            Assert.Equal("after", (await device.NextWhereAsync(next => next.Group == _group)).Message);
        }

        Assert.Equal("after", (await phone.NextWhereAsync(next => next.Group == _group)).Message); // it was told by the answer to its call
    }

    [Fact]
    public async Task Device_ThatFollowed_IsInLikeAnyOther_AndLeavesWithThem()
    {
        await using var phone = await Cluster.ConnectAsync(0, _anna);
        await using var tablet = await Cluster.ConnectAsync(1, _anna);
        await using var ben = await Cluster.ConnectAsync(2, Unique("ben"));
        await ben.JoinAsync(_group);
        await phone.JoinAsync(_group);
        await tablet.NextWhereAsync(next => (next.Name, next.Group) == ("subscribed", _group));

        Assert.True((await tablet.HistoryAsync(_group)).Recovered); // only members may read it
        Assert.Equal(new HubLeft(3, 3), await tablet.LeaveAsync(_group));
        await ben.PostAsync(_group, "they are gone");
        await phone.JoinAsync(_group);
        var heard = await tablet.UntilAsync(next => (next.Name, next.Group) == ("subscribed", _group));
        Assert.DoesNotContain(heard, next => next.Name == "message");
        await ben.PostAsync(_group, "they are back");

        foreach (var device in (HubClient[])[phone, tablet])
        {
            Assert.Equal("they are back", (await device.NextAsync("message")).Message);
        }
    }

    [Fact]
    public async Task Device_ThatUnsubscribed_StaysOut_UntilItsUserJoinsAgain()
    {
        await using var phone = await Cluster.ConnectAsync(0, _anna);
        await using var tablet = await Cluster.ConnectAsync(1, _anna);
        await using var ben = await Cluster.ConnectAsync(2, Unique("ben"));
        await phone.JoinAsync(_group);
        await tablet.NextWhereAsync(next => (next.Name, next.Group) == ("subscribed", _group));
        await tablet.UnsubscribeAsync(_group);
        await phone.JoinAsync(_group); // the user is in already: this is no new join, but is reported like one
        await ben.PostAsync(_group, "not for the tablet");
        await phone.NextWhereAsync(next => next.Message == "not for the tablet");

        await phone.LeaveAsync(_group);
        await phone.JoinAsync(_group);
        await ben.PostAsync(_group, "for both");

        var heard = await tablet.UntilAsync(next => next.Message == "for both");
        Assert.DoesNotContain(heard, next => next.Message == "not for the tablet");
    }

    // The device once stayed out of the group for a quarter of an hour, or for as long as it lived if its user kept joining other groups.
    [Fact]
    public async Task Device_WhoseNodeMissedAJoining_IsInOnceThatHearsTheOthersAgain()
    {
        await using var tablet = await Cluster.ConnectAsync(1, _anna);
        using var redis = new RedisClient(Cluster.Nodes.Redis.Port);
        var generation = ((DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1) * 1000).ToString(CultureInfo.InvariantCulture);
        redis.Execute("HSET", $"{{user:{_anna}}}:groups", _group, generation, "::", generation); // written to Redis without telling anybody

        redis.Execute("CLIENT", "KILL", "TYPE", "pubsub");

        var told = await tablet.NextWhereAsync(next => next.Group == _group);
        Assert.Equal(("subscribed", false), (told.Name, told.Recovered));
    }

    // The notice of a leave may arrive late. A client once took it for the end of a join that had been answered in between, and was out of the group.
    [Fact]
    public async Task Mirror_OfALeaveBeforeTheJoining_IsToldNobody()
    {
        await using var phone = await Cluster.ConnectAsync(0, _anna);
        await phone.JoinAsync(_group);
        using var redis = new RedisClient(Cluster.Nodes.Redis.Port);

        redis.Execute("PUBLISH", "orders:", $"test:1 mirror {_anna}\n{_group}\n1");
        redis.Execute("PUBLISH", "orders:", $"test:2 mirror {_anna}\n{_group}\n{long.MaxValue}");
        await phone.NextAsync("mirror");
        await phone.PostAsync(_group, "no more mirrors");

        Assert.DoesNotContain(await phone.UntilAsync(next => next.Message == "no more mirrors"), next => next.Name == "mirror");
    }

    // Lookups, removals and joins overlap, and the last join decides.
    [Fact]
    public async Task Device_ThatConnectsWhileItsUserLeavesAndJoinsAgain_IsInTheGroup()
    {
        await using var phone = await Cluster.ConnectAsync(0, _anna);
        await using var ben = await Cluster.ConnectAsync(2, Unique("ben"));
        for (var round = 0; round < 20; round++)
        {
            await phone.JoinAsync(_group);
            var connecting = Cluster.ConnectAsync(1, _anna);
            await phone.LeaveAsync(_group);
            await phone.JoinAsync(_group);
            await using var tablet = await connecting;

            // The notice of the join may still be under way. A device that is in the group receives one of these messages sooner or later.
            var text = $"round {round}";
            await Eventually.TrueAsync(async () =>
            {
                await ben.PostAsync(_group, text);
                return tablet.Pending().Any(next => next.Message == text);
            });
        }
    }
}
