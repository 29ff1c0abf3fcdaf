using Chat.Bench.Comebacks;
using Chat.Client;
using Edge.Proxy;
using Xunit;

namespace Chat.Tests.Bench;

/// <summary>The calculation of a comeback: it keeps to the edge's limits and the client's pauses, and the same seed gives the same result.</summary>
public sealed class ComebackTests
{
    private static readonly ComebackSettings Small = new() { Clients = 20_000, Edges = 2, Nodes = 3 };

    [Fact]
    public void Defaults_AreTheProducts()
    {
        var (edge, client) = (new EdgeOptions(), new ChatClientOptions { Server = new Uri("http://localhost"), Token = _ => ValueTask.FromResult("") });

        Assert.Equal((edge.ConnectionsPerSecond, edge.UpgradesAtOnce, edge.UpgradesWaiting), (Small.PerSecond, Small.AtOnce, Small.Waiting));
        Assert.Equal((client.FirstDelay.TotalSeconds, client.LongestDelay.TotalSeconds), (Small.FirstDelay, Small.LongestDelay));
    }

    [Fact]
    public void SameSeed_GivesTheSame_AndAnotherOneDoesNot()
    {
        var (once, again, other) = (ComebackRun.Of(Small), ComebackRun.Of(Small), ComebackRun.Of(Small with { Seed = 2 }));

        Assert.Equal((once.Until(1), once.Refused), (again.Until(1), again.Refused));
        Assert.NotEqual((once.Until(1), once.Refused), (other.Until(1), other.Refused));
    }

    [Fact]
    public void Edge_LetsInABucketfulAndThenItsRate_AndTurnsTheRestAway()
    {
        var result = ComebackRun.Of(Small with { Clients = 40_000, PerSecond = 1000 });

        // Two edges admit 1,000 a second each, and as many at once at the beginning.
        Assert.True(result.Until(1) >= (40_000 / 2000) - 1, $"All were back after {result.Until(1)} s.");
        Assert.Equal(result.Attempts.Sum(attempts => attempts), result.Refused + result.BackAtAll);
        Assert.True(result.PeakAtRedis <= 2 * (1000 + 1000), $"{result.PeakAtRedis} a second came through."); // the full buckets, and the tokens added within a second
    }

    [Fact]
    public void EnoughRoom_LetsEverybodyInAtTheFirstAttempt_WithinTheFirstPause()
    {
        var result = ComebackRun.Of(Small with { Clients = 2000 });

        Assert.Equal(0, result.Refused);
        Assert.All(result.Attempts, attempts => Assert.Equal(1, attempts));
        Assert.InRange(result.Until(1)!.Value, Small.FirstDelay * 0.9, Small.FirstDelay + Small.RoundTrip + Small.NodePatience);
    }

    [Fact]
    public void Nobody_ComesBackBeforeSomebodyAnswers()
    {
        var result = ComebackRun.Of(Small with { Clients = 2000, Away = 20 });

        Assert.Equal(2000, result.BackAtAll);
        Assert.True(result.Until(0) >= 0, "Times count from when somebody answers.");
        Assert.True(result.MeanAttempts > 4, "Each tries in vain meanwhile.");
    }

    [Fact]
    public void Redis_ThatCannotKeepUp_TurnsAwayWhatNodesDoNotWaitFor()
    {
        var slow = Small with { PerSecond = 0, AtOnce = 0, RedisCost = 1000 }; // a thousand connects a second

        var result = ComebackRun.Of(slow);

        Assert.True(result.LongestRedisWait > slow.NodePatience, "Nobody waited for long.");
        Assert.True(result.MeanAttempts > 1.5, "Nobody had to come again.");
    }
}
