using Chat.Api.Nodes;
using Chat.Api.Presence;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Presence;

/// <summary>Nodes that have died, or are taken for dead: the roll, and the sweep.</summary>
public abstract partial class PresenceSpec
{
    [RedisFact]
    public async Task DeadNode_IsGivenToOneOnly()
    {
        await A.CallRollAsync();
        await B.CallRollAsync();
        await ReportAsync(B, "anna 1", "ben 1");
        await ReportAsync(A, "ben 1");
        await B.AddTopicsAsync([_group]);
        Die(NodeB.Id);
        await using var c = await RedisBackplaneNode.StartAsync(Redis.Server.ConnectionString, prefix: Prefix);
        Live(c.Id);

        var rolls = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? A : c.Presence).CallRollAsync()));

        Assert.Equal(NodeB.Id, Assert.Single(rolls, roll => roll.DeadNode.Length > 0).DeadNode);
        Assert.Equal([_group.Name], await A.TopicsOfAsync(NodeB.Id));
        await A.ReportAsync(_group, NodeB.Id, [], isAll: true);
        await A.RemoveTopicsAsync(NodeB.Id, [_group.Name]);
        await A.SweptAsync(NodeB.Id, hadUsers: true, Long);
        Assert.Equal((1, "ben 1"), await ReadAsync());
        Assert.Equal("", (await A.CallRollAsync()).DeadNode);
        Assert.Equal(0L, Redis.Server.Execute("EXISTS", $"{Prefix}{{nodes}}:topics:{NodeB.Id}"));
    }

    // The node could not renew its lease for a while.
    [RedisFact]
    public async Task Node_TakenForDead_LearnsThatItHasToReportAgain()
    {
        Assert.False((await A.CallRollAsync()).IsKnown); // its first roll call
        Assert.True((await A.CallRollAsync()).IsKnown);
        Die(NodeA.Id);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
        Live(NodeA.Id);

        Assert.False((await A.CallRollAsync()).IsKnown); // the sweep has begun
        await B.SweptAsync(NodeA.Id, hadUsers: true, Long);
        Assert.False((await A.CallRollAsync()).IsKnown); // the sweep is over
        Assert.True((await A.CallRollAsync()).IsKnown);
    }

    [RedisFact]
    public async Task Node_ThatLeaves_IsNotSweptBeforeItsDelay()
    {
        await A.CallRollAsync();
        await A.LeaveAsync(Long);
        Die(NodeA.Id);
        Assert.Equal("", (await B.CallRollAsync()).DeadNode);

        await A.LeaveAsync(TimeSpan.Zero);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
    }

    // A Redis took no heartbeats during a failover, so others took a node for dead and swept it. The node kept reporting in the same topics, and was
    // stopped before it learned of the sweep. By then its topics were forgotten, and its users once stayed for a day.
    [RedisFact]
    public async Task Node_ThatReportsOnAfterItWasSwept_AndStops_LeavesNobody()
    {
        using var reporter = Reporter(TimeProvider.System);
        using var sweeper = Sweeper(reporter, TimeProvider.System);
        await A.CallRollAsync();
        await A.AddTopicsAsync([_group]);
        await ReportAsync(A, "anna 1");
        Die(NodeA.Id);
        Assert.Equal(new PresenceRoll(false, NodeA.Id), await B.CallRollAsync());
        Assert.True(await sweeper.SweepAsync(NodeA.Id, again: false));
        await ReportAsync(A, "anna 1");

        await A.LeaveAsync(TimeSpan.Zero);
        Assert.Equal(new PresenceRoll(true, NodeA.Id), await B.CallRollAsync());
        await sweeper.SweepAsync(NodeA.Id, again: false);
        Assert.Equal((0, ""), await ReadAsync());

        await ReportAsync(A, "anna 1"); // or the node was killed after it
        await sweeper.SweepAsync(NodeA.Id, again: true);
        Assert.Equal((0, ""), await ReadAsync());
        Assert.Equal(0L, Redis.Server.Execute("EXISTS", $"{Prefix}{{nodes}}:topics:{NodeA.Id}"));
    }

    // Redis came back empty. Nodes that called the roll before their next heartbeat were swept by those that came back later, so that everybody was told
    // that their users had gone offline, and had come again.
    [RedisFact]
    public async Task Node_WhoseLeaseRedisHasLost_IsNotTakenForDead_OnceItHasCalledTheRoll()
    {
        Die(NodeA.Id);
        Assert.False((await A.CallRollAsync()).IsKnown);

        Assert.Equal("", (await B.CallRollAsync()).DeadNode);

        Score(NodeA.Id, 5); // for as long as a lease lasts
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
    }

    [RedisFact]
    public async Task Roll_SaysWhetherADeadNodeWasSweptBefore()
    {
        await A.CallRollAsync();
        Die(NodeA.Id);
        Assert.Equal(new PresenceRoll(false, NodeA.Id), await B.CallRollAsync());
        await B.SweptAsync(NodeA.Id, hadUsers: true, lookAgain: TimeSpan.Zero);

        Assert.Equal(new PresenceRoll(true, NodeA.Id, IsLooked: true), await B.CallRollAsync());
    }

    // Once, a dead node with 100,000 topics took longer to sweep than the second for which it is given to one node. So all nodes swept it at the same time.
    [RedisFact]
    public async Task DeadNode_WhoseSweepTakesLong_IsGivenToNobodyElse()
    {
        await A.CallRollAsync();
        await B.CallRollAsync();
        Die(NodeA.Id);
        foreach (var isLooked in (bool[])[false, true])
        {
            Score(NodeA.Id, isLooked ? 5.5 : 5); // its time is over
            Assert.Equal(new PresenceRoll(true, ""), await B.CallRollAsync(sweeping: NodeA.Id));
            Assert.Equal("", (await B.CallRollAsync()).DeadNode);
            Assert.Equal(isLooked ? 0.5 : 0, ScoreOf(NodeA.Id) % 1);
        }

        await B.SweptAsync(NodeA.Id, hadUsers: true, Long);
        var swept = ScoreOf(NodeA.Id);
        await B.CallRollAsync(sweeping: NodeA.Id); // another one is slower
        Assert.Equal(swept, ScoreOf(NodeA.Id));
        Live(NodeA.Id);
        await A.CallRollAsync();
        await B.CallRollAsync(sweeping: NodeA.Id);
        Assert.Equal(0, ScoreOf(NodeA.Id));
    }

    // Once, nobody saw users who joined on the sweeping node until its sweep was over: a node reports only while its latest roll is fresh. Later the roll
    // was called between one batch of topics and the next, and a single topic with a million users took too long as well.
    [RedisFact]
    public async Task Sweep_ThatTakesLong_CallsTheRollMeanwhile_AndTakesNobodyElseOver()
    {
        var clock = new HastyClock();
        using var reporter = Reporter(clock);
        using var sweeper = Sweeper(reporter, clock);
        await A.AddTopicsAsync([_group]);
        Score(NodeB.Id, 5);
        Score("another", 5);

        Assert.True(await sweeper.SweepAsync(NodeA.Id, again: false));

        Assert.Equal((0, 5), (ScoreOf(NodeB.Id), ScoreOf("another")));
    }

    // The node lived on without its lease, which Redis had lost, and reported users after it was swept. Then it died.
    [RedisFact]
    public async Task DeadNode_IsForgottenOnlyWhenItHadNoUsersForTheSecondTime()
    {
        await A.CallRollAsync();
        Die(NodeA.Id);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);

        await B.SweptAsync(NodeA.Id, hadUsers: false, lookAgain: TimeSpan.Zero);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
        await B.SweptAsync(NodeA.Id, hadUsers: true, lookAgain: TimeSpan.Zero);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
        await B.SweptAsync(NodeA.Id, hadUsers: false, lookAgain: TimeSpan.Zero);

        Assert.Equal("", (await B.CallRollAsync()).DeadNode);
    }

    [RedisFact]
    public async Task DeadNode_ThatWasSwept_IsNotLookedAtAgainBeforeItsTime()
    {
        await A.CallRollAsync();
        Die(NodeA.Id);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);

        await B.SweptAsync(NodeA.Id, hadUsers: true, lookAgain: Long);

        Assert.Equal("", (await B.CallRollAsync()).DeadNode);
    }

    // The node is alive and came back while another one swept it. It must learn that it was swept, and if it dies before, some node must sweep it.
    [RedisFact]
    public async Task Node_ThatComesBackWhileItIsSwept_IsNotKnown_AndCanBeSweptAgain()
    {
        await A.CallRollAsync();
        Die(NodeA.Id);
        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
        Live(NodeA.Id);
        Assert.False((await A.CallRollAsync()).IsKnown);
        Die(NodeA.Id);

        await B.SweptAsync(NodeA.Id, hadUsers: true, Long);

        Assert.Equal(NodeA.Id, (await B.CallRollAsync()).DeadNode);
        Live(NodeA.Id);
        Assert.False((await A.CallRollAsync()).IsKnown);
    }

    private PresenceReporter Reporter(TimeProvider clock) =>
        new(B, new PresenceMetrics(NoMeters.Instance), Options.Create(new PresenceOptions()), Options.Create(new NodeOptions()), clock, NullLogger<PresenceReporter>.Instance);

    private PresenceSweeper Sweeper(PresenceReporter reporter, TimeProvider clock)
    {
        var options = Options.Create(new NodeOptions());
        var live = new LiveNodes(options, TimeProvider.System);
        live.Update([new NodeInfo(NodeB.Id, "", NodeState.Ready, 0, default, null)], []);
        var self = new NodeSelf(new NodeIdentity(TimeProvider.System) { Id = NodeB.Id }, new NodeDrain(), null!);
        return new(B, reporter, new PresenceMetrics(NoMeters.Instance), live, self, Options.Create(new PresenceOptions()), options, clock, NullLogger<PresenceSweeper>.Instance);
    }

    private void Score(string node, double score) =>
        Redis.Server.Execute("ZADD", $"{Prefix}{{nodes}}:reporters", score.ToString(System.Globalization.CultureInfo.InvariantCulture), node);

    private double ScoreOf(string node) =>
        double.Parse((string)Redis.Server.Execute("ZSCORE", $"{Prefix}{{nodes}}:reporters", node)!, System.Globalization.CultureInfo.InvariantCulture);

    private void Die(string node) => Redis.Server.Execute("ZREM", $"{Prefix}{{nodes}}:leases", node);

    // With this clock, whatever has to wait has waited too long, and no time has passed.
    private sealed class HastyClock : TimeProvider
    {
        public override long GetTimestamp() => 1;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            callback(state);
            return base.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
