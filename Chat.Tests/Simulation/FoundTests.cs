using Xunit;

namespace Chat.Tests.Simulation;

/// <summary>What the simulation has found in how devices follow their user's groups, each in as few steps as it takes.</summary>
public sealed class FoundTests : IDisposable
{
    private readonly ClusterOfOne _cluster = new();

    public void Dispose() => _cluster.Dispose();

    // It was put into the group that the other device had joined, but whether the user still was in it could not be asked. It then was a
    // member for whom everything was held, for ever.
    [Fact]
    public void Device_ThatCannotLookWhileItFollows_IsNotHeldForEver()
    {
        var laptop = _cluster.Connect("laptop");
        var phone = _cluster.Connect("phone");
        phone.Join("b");
        _cluster.World.Run(8); // joined in Redis; the other device is yet to hear of it
        _cluster.Node.Memberships.IsAway = true;
        _cluster.Pass(5);
        _cluster.Node.Memberships.IsAway = false;
        _cluster.Pass(30); // until the next look

        _cluster.Node.Probe(Chat.Api.Messages.Topic.Group("b"));
        _cluster.Pass(1);

        Assert.Null(_cluster.World.Violation);
        Assert.Equal(1, laptop.View("group:b")?.Offset);
    }

    // It heard of the joining, but the connection for signals was not back yet from an outage of Redis. It stayed out for a quarter of an hour.
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

    // Redis had lost the log, so everything was held until the membership had been looked up. The user left and joined again, and then came
    // what had been held of the first time, with positions of before.
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

    // Its removal had passed before the member was there, and the look that was to find that got no answer. The device stayed in.
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
