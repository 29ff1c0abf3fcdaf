using Xunit;

namespace Chat.Tests.Simulation;

/// <summary>The simulation's findings in how devices follow their user's groups, each in as few steps as possible.</summary>
public sealed class FoundTests : IDisposable
{
    private readonly ClusterOfOne _cluster = new();

    public void Dispose() => _cluster.Dispose();

    // The device was put into the group that the other device had joined, but the check whether the user was still in it failed. The device
    // then was a member whose messages were all held back forever.
    [Fact]
    public void Device_ThatCannotLookWhileItFollows_IsNotHeldForEver()
    {
        var laptop = _cluster.Connect("laptop");
        var phone = _cluster.Connect("phone");
        phone.Join("b");
        _cluster.World.Run(8); // joined in Redis, but the other device has not heard of it yet
        _cluster.Node.Memberships.IsAway = true;
        _cluster.Pass(5);
        _cluster.Node.Memberships.IsAway = false;
        _cluster.Pass(30); // until the next look

        _cluster.Node.Probe(Chat.Api.Messages.Topic.Group("b"));
        _cluster.Pass(1);

        Assert.Null(_cluster.World.Violation);
        Assert.Equal(1, laptop.View("group:b")?.Offset);
    }

    // The device heard of the join, but the connection for signals was not back yet after an outage of Redis. It stayed out for a quarter of an hour.
    [Fact]
    public void Device_ThatCannotHearSignalsWhileItFollows_TriesAgain()
    {
        var laptop = _cluster.Connect("laptop");
        var phone = _cluster.Connect("phone");
        _cluster.Node.SignalsFailAfter = 1; // it succeeds for the phone
        phone.Join("b");
        _cluster.Pass(10);

        _cluster.Node.Probe(Chat.Api.Messages.Topic.Group("b"));
        _cluster.Pass(1);

        Assert.Null(_cluster.World.Violation);
        Assert.Equal(1, laptop.View("group:b")?.Offset);
    }

    // Redis had lost the log, so everything was held back until the membership had been looked up. The user left and joined again, and then
    // received the messages that had been held back during the first membership, with positions from before.
    [Fact]
    public void Device_ThatLeavesAndJoinsAgain_GetsNothingThatWasHeldOfTheFirstTime()
    {
        var phone = _cluster.Connect("phone");
        _cluster.Redis.Flush();
        _cluster.Node.Memberships.IsAway = true;
        _cluster.Node.Probe(Chat.Api.Messages.Topic.Group("a"));
        _cluster.Pass(0.1);
        phone.Leave("a");
        _cluster.Pass(0.1);
        _cluster.Redis.Flush();
        _cluster.Node.Memberships.IsAway = false;
        phone.Join("a");
        _cluster.Pass(2);

        _cluster.Node.Probe(Chat.Api.Messages.Topic.Group("a"));
        _cluster.Pass(1);

        Assert.Null(_cluster.World.Violation);
        Assert.Equal(_cluster.Redis.Where("group:a").Epoch, phone.View("group:a")?.Epoch);
    }

    // The removal had passed before the member existed, and the lookup that would have found it got no answer. The device stayed in.
    [Fact]
    public void Device_ThatCannotLookAfterItJoined_IsNotInTheGroup()
    {
        var phone = _cluster.Connect("phone");
        _cluster.Node.Memberships.IsAway = true;
        phone.Join("b");
        _cluster.Pass(1);

        Assert.False(phone.Current!.Hub!.TryFind("b", out _));
        Assert.Null(phone.View("group:b"));
    }
}
