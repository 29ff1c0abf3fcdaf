using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

public sealed class MembersOnlyNode() : NodeClusterFixture(
    nodes: 1,
    persists: false,
    ("Chat:Chats:0", "lobby"),
    ("Chat:Hub:MembersOnly", "true"))
{
    protected override bool IsBroken => false;
}

/// <summary>A hub whose groups are for their members alone, and that begins with another default chat.</summary>
public sealed class SettingTests(MembersOnlyNode fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<MembersOnlyNode>
{
    [Fact]
    public async Task Chats_NamesTheGroupsThatUsersBeginIn()
    {
        await using var anna = await ConnectAsync("anna");
        await using var ben = await ConnectAsync("ben");

        await anna.PostAsync("lobby", "hello");

        Assert.Equal(("lobby", "hello"), await ben.NextAsync("message") is var next ? (next.Group, next.Message) : default);
        await AssertNotMemberAsync(() => anna.HistoryAsync("first"));
    }

    [Fact]
    public async Task MembersOnly_LetsOnlyMembersWriteAndLeave()
    {
        await using var anna = await ConnectAsync("anna");

        await AssertNotMemberAsync(() => anna.PostAsync("closed", "x"));
        await AssertNotMemberAsync(() => anna.LeaveAsync("closed"));
        await anna.JoinAsync("closed");
        await anna.PostAsync("closed", "x");
        Assert.Equal(new HubLeft(1, 1), await anna.LeaveAsync("closed"));
        await AssertNotMemberAsync(() => anna.PostAsync("closed", "x"));
    }

    private static async Task AssertNotMemberAsync<T>(Func<Task<T>> call) =>
        Assert.Contains("not_member: ", (await Assert.ThrowsAsync<HubException>(call)).Message, StringComparison.Ordinal);

    private Task<HubDotNetClient> ConnectAsync(string nick) => HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, nick);
}
