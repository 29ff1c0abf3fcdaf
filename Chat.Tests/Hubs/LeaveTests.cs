using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A leave takes all of a user's devices out of the group, on every node, without relying on any of them.</summary>
public sealed class LeaveTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output), IAsyncLifetime
{
    private readonly string _group = Unique("group");
    private readonly string _anna = Unique("anna");
    private readonly List<HubDotNetClient> _devices = [];
    private readonly List<HubDotNetClient> _witnesses = [];

    /// <summary>Connects a device of anna's and another user on each node. The last device ignores the mirror.</summary>
    public async Task InitializeAsync()
    {
        for (var node = 0; node < 3; node++)
        {
            _devices.Add(await Cluster.ConnectAsync(node, _anna, new HubClientOptions { Mirrors = node < 2 }));
            _witnesses.Add(await Cluster.ConnectAsync(node, Unique("ben")));
            await _witnesses[node].JoinAsync(_group);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _devices.Concat(_witnesses))
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Leave_DuringTraffic_LetsNothingLaterReachAnyDevice()
    {
        await using var raw = await Cluster.Nodes.ConnectAsync(1, $"/chat/group/{_group}/raw?format=json");
        await using var here = new HubPoster(_witnesses[0], _group, perSecond: 50);
        await using var there = new HubPoster(_witnesses[1], _group, perSecond: 50);
        const int Rounds = 4;

        for (var round = 0; round < Rounds; round++)
        {
            var joined = (await _devices[round % 3].JoinAsync(_group)).Offset; // the others follow from this offset on
            await here.UntilAsync(20);
            Assert.Equal(new HubLeft(3, 3), await _devices[round % 3].LeaveAsync(_group)); // also from the one that ignores the mirror
            await Task.WhenAll(here.UntilAsync(20), there.UntilAsync(20));

            var removal = await raw.NextFrameAsync("left");
            Assert.Equal((_anna, $"group:{_group}"), (removal.From, removal.Topic));
            await AssertHeardExactlyAsync([joined, joined, joined], removal.Offset);
        }

        await Task.WhenAll(here.StopAsync(), there.StopAsync());
    }

    [Fact]
    public async Task Leave_TellsTheOthers_AndMirrorsToEveryDevice_OnWhicheverNode()
    {
        await JoinAsync();

        Assert.Equal(new HubLeft(3, 3), await _devices[0].LeaveAsync(_group));

        foreach (var witness in _witnesses)
        {
            Assert.Equal(new HubEvent("lost", _group, _anna), await witness.NextAsync("lost"));
        }

        foreach (var device in _devices)
        {
            Assert.Equal(new HubEvent("mirror", Method: "unsubscribe", Payload: new HubGroup(_group)), await device.NextAsync("mirror"));
        }
    }

    [Fact]
    public async Task Leave_OfAGroupOneIsNotIn_IsHarmless()
    {
        Assert.Equal(new HubLeft(3, 3), await _devices[0].LeaveAsync(_group));
        Assert.Equal(new HubLeft(3, 3), await _devices[1].LeaveAsync(Unique("nobody-is-in")));

        await JoinAsync();
        await _witnesses[0].PostAsync(_group, "all is well");
        foreach (var device in _devices)
        {
            Assert.Equal("all is well", (await device.NextAsync("message")).Message);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leave_WhileANodeIsFrozen_SaysThatItHasNotConfirmed_AndItCatchesUp(bool untilItCountsAsDead)
    {
        await JoinAsync();
        await _witnesses[0].PostAsync(_group, "before");
        foreach (var device in _devices)
        {
            Assert.Equal("before", (await device.NextAsync("message")).Message);
        }

        await using var raw = await Cluster.Nodes.ConnectAsync(0, $"/chat/group/{_group}/raw?format=json");
        var frozen = Cluster.Nodes.Nodes[2];
        frozen.Pause();
        HubLeft left;
        try
        {
            left = await _devices[0].LeaveAsync(_group);
            for (var i = 0; i < 20; i++)
            {
                await _witnesses[1].PostAsync(_group, $"{i}");
            }

            if (untilItCountsAsDead)
            {
                await Eventually.TrueAsync(async () => (await Cluster.Nodes.Nodes[0].ListAsync()).All(node => node.Id != frozen.Id));
            }
        }
        finally
        {
            frozen.Signal(ChildProcess.SigCont);
        }

        Assert.Equal(new HubLeft(2, 3), left);
        var removal = await raw.NextFrameAsync("left");
        await frozen.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);
        await Eventually.TrueAsync(async () => (await Cluster.Nodes.Nodes[0].ListAsync()).Any(node => node.Id == frozen.Id));
        await AssertHeardExactlyAsync([removal.Offset - 1, removal.Offset - 1, removal.Offset - 1], removal.Offset);
    }

    private Task<HubHistory[]> JoinAsync() => Task.WhenAll(_devices.Select(device => device.JoinAsync(_group)));

    /// <summary>Asserts that each device has the messages between its join and the removal, and no others of the group.</summary>
    private async Task AssertHeardExactlyAsync(long[] joined, long removal)
    {
        // On each node another user receives the message posted now, and after that the device receives a later one.
        var last = await _witnesses[0].PostAsync(_group, "the last");
        foreach (var witness in _witnesses)
        {
            await witness.NextWhereAsync(next => next.Name == "message" && next.Offset == last.Offset);
        }

        var fence = Unique("fence");
        await _witnesses[0].SendAsync(_anna, fence);
        for (var i = 0; i < 3; i++)
        {
            var heard = await _devices[i].UntilAsync(next => next.Message == fence);
            var offsets = heard.Where(next => next.Name == "message" && next.Group == _group).Select(next => next.Offset).ToList();

            // A device that does as the mirror asks is out a little before the removal; the last device ignores it.
            var expected = i < 2 ? offsets.Count : removal - 1 - joined[i];
            Assert.Equal(Enumerable.Range(1, (int)expected).Select(offset => joined[i] + offset), offsets);
            Assert.DoesNotContain(offsets, offset => offset > removal);
        }
    }
}
