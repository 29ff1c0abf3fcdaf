using Chat.Api.Messages;
using Chat.Api.Presence;
using Xunit;

namespace Chat.Tests.Presence;

public sealed class LocalPresenceTests
{
    private readonly LocalPresence _group = new(Topic.Group("1"));

    [Fact]
    public void User_WithSeveralConnections_IsReportedWithTheirNumber()
    {
        Come("anna", "anna", "ben");

        Assert.Equal(["anna 2", "ben 1"], Report());
        Assert.Empty(Report());
    }

    [Fact]
    public void User_WhoLeaves_IsReportedOnlyAfterAWhile()
    {
        Come("anna");
        Report();

        _group.Go("anna", now: 100);

        Assert.Empty(Report(goneBy: 99));
        Assert.Equal(["anna 0"], Report(goneBy: 100));
        Assert.True(_group.TryEnd());
        Assert.False(_group.TryCome("anna")); // another object has to take its place
    }

    [Fact]
    public void User_WhoComesBackAtOnce_WasNeverGone()
    {
        Come("anna");
        Report();

        _group.Go("anna", now: 100);
        Assert.Empty(Report(goneBy: 99));
        Come("anna");

        Assert.Empty(Report(goneBy: 200));
        Assert.False(_group.TryEnd());
    }

    [Fact]
    public void User_WhoComesAndGoesBetweenTwoReports_LeavesNothingBehind()
    {
        Come("anna");
        _group.Go("anna", now: 100);

        Assert.Empty(Report(goneBy: 0));
        Assert.True(_group.TryEnd());
    }

    [Fact]
    public void Report_ThatFailed_IsMadeAgain()
    {
        Come("anna");
        var due = _group.Take(0, 10, out var isAll, out _);
        _group.Fail(due, isAll);

        Assert.Equal(["anna 1"], Report());
    }

    // It is not known whether her presence was reported, so it has to be reported that she is gone.
    [Fact]
    public void User_WhoseReportFailed_IsReportedGone()
    {
        Come("anna");
        _group.Fail(_group.Take(0, 10, out var isAll, out _), isAll);
        _group.Go("anna", now: 100);

        Assert.Equal(["anna 0"], Report(goneBy: 100));
        Assert.True(_group.TryEnd());
    }

    [Fact]
    public void Users_OfWhomManyCome_AreReportedInPieces()
    {
        Come([.. Enumerable.Range(0, 25).Select(i => $"u{i:00}")]);

        Assert.Equal([10, 10, 5, 0], Enumerable.Range(0, 4).Select(_ => Report(most: 10).Length));
    }

    [Fact]
    public void Everything_ReportedAgain_LeavesOutWhoHasGone()
    {
        Come("anna", "ben");
        Report();
        _group.Go("ben", now: 100);
        _group.ReportAll();

        Assert.False(_group.TryEnd());
        Assert.Equal(["anna 1"], Report(goneBy: 100, all: true));
        Assert.Empty(Report(goneBy: 100));
    }

    // Everything is reported again just when clients come back, for example after a failover of Redis.
    [Fact]
    public void Everything_ReportedAgain_HasWhoHasJustGone_UntilTheyDoNotComeBackInTime()
    {
        Come("anna", "ben", "carl");
        Report();
        _group.Go("ben", now: 100);
        _group.Go("carl", now: 100);
        Come("dora");
        _group.Go("dora", now: 100);
        _group.ReportAll();

        Assert.Equal(["anna 1", "ben 1", "carl 1"], Report(goneBy: 99, all: true));
        Come("carl");
        Assert.Empty(Report(goneBy: 99));
        Assert.Equal(["ben 0"], Report(goneBy: 100));
        _group.Go("anna", now: 100);
        _group.Go("carl", now: 100);
        Assert.Equal(["anna 0", "carl 0"], Report(goneBy: 100));
        Assert.True(_group.TryEnd());
    }

    [Fact]
    public void EverythingAgain_ThatFailed_IsStillToBeDone()
    {
        Come("anna");
        _group.ReportAll();
        _group.Fail(_group.Take(0, 10, out var isAll, out _), isAll);

        Assert.Equal(["anna 1"], Report(all: true));
    }

    private void Come(params string[] users) => Assert.All(users, user => Assert.True(_group.TryCome(user)));

    private string[] Report(long goneBy = 0, int most = 1000, bool all = false)
    {
        var due = _group.Take(goneBy, most, out var isAll, out _);
        _group.Confirm(due);
        Assert.Equal(all, isAll);
        return [.. due.Select(user => $"{user.Id} {user.Connections}").Order(StringComparer.Ordinal)];
    }
}
