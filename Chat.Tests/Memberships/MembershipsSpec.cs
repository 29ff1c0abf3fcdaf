using Chat.Api.Messages;
using Chat.Tests.Backplane;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Memberships;

/// <summary>The promises about a user's groups, on every kind of server.</summary>
public abstract class MembershipsSpec(RedisFixture redis) : TwoNodesSpec(redis)
{
    private static readonly KeyValuePair<string, long>[] Defaults = [new("first", 0), new("second", 0)];
    private static int users;

    private readonly Topic _anna = Topic.User("m" + Interlocked.Increment(ref users));

    private string Key => $"{{{_anna}}}:groups";

    private RedisBackplaneNode A => NodeA;

    private RedisBackplaneNode B => NodeB;

    [RedisFact]
    public async Task User_OfWhomNothingIsKnown_BeginsInTheDefaults()
    {
        var groups = await A.Memberships.ReadAsync(_anna, Defaults);

        Assert.Equal(["first", "second"], groups.Groups.Keys.Order());
        Assert.All(groups.Groups, group => Assert.True(groups.Hold(group.Key, group.Value)));
    }

    [RedisFact]
    public async Task User_IsInTheSameGroups_AtEveryNode()
    {
        await A.Memberships.ReadAsync(_anna, Defaults);
        var generation = await A.Memberships.JoinAsync(_anna, "42", 100);

        var groups = await B.Memberships.ReadAsync(_anna, Defaults);

        Assert.Equal(["42", "first", "second"], groups.Groups.Keys.Order());
        Assert.Equal(generation, groups.Groups["42"]);
    }

    [RedisFact]
    public async Task Join_WhenInAlready_KeepsTheGeneration() =>
        Assert.Equal(await A.Memberships.JoinAsync(_anna, "42", 100), await B.Memberships.JoinAsync(_anna, "42", 100));

    [RedisFact]
    public async Task DefaultGroup_OnceLeft_IsNotBegunAgain()
    {
        await A.Memberships.ReadAsync(_anna, Defaults);
        var mark = await A.Memberships.LeaveAsync(_anna, "first");
        A.Memberships.Forget(_anna, "first", mark);

        Assert.Equal(["second"], (await A.Memberships.ReadAsync(_anna, Defaults)).Groups.Keys);
    }

    [RedisFact]
    public async Task Leave_EndsTheGenerationsSoFar_AndNoneAfterIt()
    {
        var before = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        var mark = await B.Memberships.LeaveAsync(_anna, "42");
        var during = await A.Memberships.ReadAsync(_anna, []);
        var after = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        var again = await B.Memberships.ReadAsync(_anna, []);

        Assert.True(mark.WasIn);
        Assert.InRange(mark.Generation, before, after - 1);
        Assert.False(during.Hold("42", before));
        Assert.False(again.Hold("42", before));
        Assert.True(again.Hold("42", after));
    }

    // The node that had to publish the removal died after setting the mark.
    [RedisFact]
    public async Task Leave_ThatWasNotPublished_IsTakenForOneThatStillHasToBe()
    {
        await A.Memberships.JoinAsync(_anna, "42", 100);
        await A.Memberships.LeaveAsync(_anna, "42");

        var again = await B.Memberships.LeaveAsync(_anna, "42");
        B.Memberships.Forget(_anna, "42", again);
        var onceMore = await B.Memberships.LeaveAsync(_anna, "42");

        Assert.True(again.WasIn);
        Assert.False(onceMore.WasIn);
    }

    [RedisFact]
    public async Task Forget_ComingLate_DoesNotEndANewerMembership()
    {
        await A.Memberships.JoinAsync(_anna, "42", 100);
        var mark = await A.Memberships.LeaveAsync(_anna, "42");
        await B.Memberships.JoinAsync(_anna, "42", 100);
        A.Memberships.Forget(_anna, "42", mark);

        Assert.Equal(["42"], (await A.Memberships.ReadAsync(_anna, [])).Groups.Keys);
    }

    // While a node hangs, leaves keep their marks. A user who left many groups could once join no other group for an hour.
    [RedisFact]
    public async Task Marks_OfLeavesThatSomeNodeHasNotConfirmed_DoNotCountAsGroups()
    {
        foreach (var group in (string[])["1", "2"])
        {
            await A.Memberships.JoinAsync(_anna, group, 2);
            await A.Memberships.LeaveAsync(_anna, group);
        }

        Assert.NotNull(await A.Memberships.JoinAsync(_anna, "3", 2));
        Assert.NotNull(await A.Memberships.JoinAsync(_anna, "1", 2)); // this group has a mark itself
        Assert.Null(await A.Memberships.JoinAsync(_anna, "2", 2));
        Assert.Null(await A.Memberships.JoinAsync(_anna, "4", 2));
    }

    // Marks of a record's first ten minutes stay as long as the record. A user who left many groups in that time could once join no other group as
    // long as a device was connected.
    [RedisFact]
    public async Task Marks_OfLeavesThatAreThrough_GiveWayToAJoining_OnceTheyAreOld()
    {
        await A.Memberships.JoinAsync(_anna, "42", 2);
        Mark(DateTimeOffset.UtcNow);
        Assert.Null(await A.Memberships.JoinAsync(_anna, "new", 2));

        Mark(DateTimeOffset.UtcNow - TimeSpan.FromMinutes(11));
        Assert.NotNull(await A.Memberships.JoinAsync(_anna, "new", 2));
        Assert.Equal(["42", "new"], (await B.Memberships.ReadAsync(_anna, [])).Groups.Keys.Order());
        Assert.Equal(4L, Convert.ToInt64(Redis.Server.Execute("HLEN", Key), System.Globalization.CultureInfo.InvariantCulture)); // including the fields about the record itself

        void Mark(DateTimeOffset left)
        {
            for (var i = 0; i < 20; i++)
            {
                Redis.Server.Execute("HSET", Key, FormattableString.Invariant($"left-{i}"), FormattableString.Invariant($"-{left.ToUnixTimeMilliseconds() * 1000}~"));
            }
        }
    }

    [RedisFact]
    public async Task Marks_OfGroupsThatWereNeverJoined_DoNotFillTheRecord()
    {
        await A.Memberships.JoinAsync(_anna, "42", 100);
        await Task.WhenAll(Enumerable.Range(0, 1100).Select(i => A.Memberships.LeaveAsync(_anna, $"never-{i}", evenIfOut: true)));

        Assert.InRange(Convert.ToInt64(Redis.Server.Execute("HLEN", Key), System.Globalization.CultureInfo.InvariantCulture), 900, 1000);
        Assert.True((await A.Memberships.LeaveAsync(_anna, "42", evenIfOut: true)).WasIn);
    }

    [RedisFact]
    public async Task Join_BeyondTheLimit_IsRefused_AndJoiningAgainIsNot()
    {
        await A.Memberships.JoinAsync(_anna, "1", 2);
        await A.Memberships.JoinAsync(_anna, "2", 2);

        Assert.Null(await A.Memberships.JoinAsync(_anna, "3", 2));
        Assert.NotNull(await A.Memberships.JoinAsync(_anna, "2", 2));
    }

    [RedisFact]
    public async Task Redis_ThatLostTheGroups_GetsThemBackFromTheNodes()
    {
        var generation = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        Redis.Server.Execute("DEL", Key);

        var byAnother = await B.Memberships.ReadAsync(_anna, Defaults); // knows of no device, and begins a new record
        var restored = await A.Memberships.ReadAsync(_anna, [new("42", generation)]);

        Assert.DoesNotContain("42", byAnother.Groups.Keys);
        Assert.True(restored.Hold("42", generation));
        Assert.Equal(["42", "first", "second"], restored.Groups.Keys.Order());
    }

    // A node that looked the groups up before the leave may still ask with what it held then.
    [RedisFact]
    public async Task Group_ThatWasGivenBackAndLeft_IsNotGivenBackAgain()
    {
        var generation = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        Redis.Server.Execute("DEL", Key);
        await A.Memberships.ReadAsync(_anna, [new("42", generation)]);

        var mark = await A.Memberships.LeaveAsync(_anna, "42");
        A.Memberships.Forget(_anna, "42", mark);

        Assert.True(mark.WasIn);
        Assert.Empty((await A.Memberships.ReadAsync(_anna, [new("42", generation)])).Groups);
        Assert.True(await A.Memberships.JoinAsync(_anna, "42", 100) > mark.Generation);
    }

    // What a node knew of the lost record was still on its way when the user joined the group in the new record and left it, and every node had confirmed.
    [RedisFact]
    public async Task Group_ThatWasLeftSoonAfterItsRecordWasLost_IsNotGivenBack()
    {
        var generation = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        Redis.Server.Execute("DEL", Key);
        await B.Memberships.JoinAsync(_anna, "42", 100);

        var mark = await B.Memberships.LeaveAsync(_anna, "42");
        B.Memberships.Forget(_anna, "42", mark);

        Assert.Empty((await A.Memberships.ReadAsync(_anna, [new("42", generation)])).Groups);
    }

    [RedisFact]
    public async Task Group_ThatWasLeftWhenItsRecordWasLost_IsNotGivenBack()
    {
        var generation = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        Redis.Server.Execute("DEL", Key);
        await B.Memberships.ReadAsync(_anna, Defaults);

        Assert.False((await B.Memberships.LeaveAsync(_anna, "42", evenIfOut: true)).WasIn);

        Assert.DoesNotContain("42", (await A.Memberships.ReadAsync(_anna, [new("42", generation)])).Groups.Keys);
        Assert.NotNull(await A.Memberships.JoinAsync(_anna, "42", 100));
    }

    [RedisFact]
    public async Task Member_WhoJoinedAfterALook_IsNotEndedByIt()
    {
        var look = await A.Memberships.ReadAsync(_anna, Defaults);
        var generation = (await B.Memberships.JoinAsync(_anna, "42", 100))!.Value;

        Assert.True(look.Hold("42", generation));
        Assert.False(look.Hold("43", look.Now - 1));
    }

    [RedisFact]
    public async Task Groups_ExpireAfterTheirAge()
    {
        await A.Memberships.JoinAsync(_anna, "42", 100);
        Assert.InRange(TimeLeft(), 1, 3_600_000);
    }

    [RedisFact]
    public async Task Look_ThatChangesNothing_RenewsTheTime_AndTakesNoScript()
    {
        var generation = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        Redis.Server.Execute("PEXPIRE", Key, "60000");

        var groups = await A.Memberships.ReadAsync(_anna, [new("42", generation), .. Defaults]);

        Assert.Equal([new("42", generation)], groups.Groups);
        Assert.Equal(generation, groups.Now); // a script would give a later time
        Assert.InRange(TimeLeft(), 3_500_000, 3_600_000);
    }

    [RedisFact]
    public async Task Removal_ReachesEveryNode_AndHasItsPlaceInTheLog()
    {
        var group = Topic.Group(_anna.Id);
        var before = await A.PublishAsync(group, "hi");
        var removal = await A.PublishAsync(group, "7", id: A.Id + ":left:1", from: "anna", isRemoval: true);

        var expected = new Heard("removals", before.Epoch, 2, A.Id + ":left:1", "anna", "7", "left");
        Assert.Equal(2, removal.Offset);
        Assert.Equal(expected, await A.Listener.NextAsync());
        Assert.Equal(expected, await B.Listener.NextAsync());
        Assert.Equal(["", "left"], (await B.ReadAsync(group, before.Epoch, 0)).Select(heard => heard.Kind));
    }

    [RedisFact]
    public async Task Confirmation_ReachesTheNodeThatPublishedTheRemoval()
    {
        B.Backplane.ConfirmRemoval(A.Id, "r.1"u8);
        Assert.Equal(("r.1", B.Id), await A.Listener.NextConfirmationAsync());
    }

    [RedisFact]
    public async Task TypingTurn_IsOneForAllNodes()
    {
        var group = Topic.Group(_anna.Id);
        Assert.True(await A.TypingTurns.TryTakeAsync(group, "anna", TimeSpan.FromMinutes(1)));
        Assert.False(await B.TypingTurns.TryTakeAsync(group, "anna", TimeSpan.FromMinutes(1)));
        Assert.True(await B.TypingTurns.TryTakeAsync(group, "ben", TimeSpan.FromMinutes(1)));
    }

    // Each of a user's devices does a lookup whenever one of them leaves a group. When these lookups were scripts, they took most of Redis's time.
    [RedisFact]
    public async Task Look_WithAGroupThatWasLeft_TakesNoScript()
    {
        var generation = (await A.Memberships.JoinAsync(_anna, "42", 100))!.Value;
        var mark = await A.Memberships.LeaveAsync(_anna, "42");

        var groups = await A.Memberships.ReadAsync(_anna, [new("42", generation)]);

        Assert.Empty(groups.Groups);
        Assert.Equal(mark.Generation, groups.Now); // a script would give a later time
    }

    private long TimeLeft() => Convert.ToInt64(Redis.Server.Execute("PTTL", Key), System.Globalization.CultureInfo.InvariantCulture);
}

[Collection(RedisServerGroup.Name)]
public sealed class RedisMembershipsTests(RedisServerFixture redis) : MembershipsSpec(redis);

[Collection(GarnetServerGroup.Name)]
public sealed class GarnetMembershipsTests(GarnetServerFixture redis) : MembershipsSpec(redis);
