using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

public sealed class MembersOnlyNode() : NodeClusterFixture(
    nodes: 1,
    persists: false,
    ("Chat:Chats:0", "lobby"),
    ("Chat:Hub:HistoryMessages", "5"),
    ("Chat:Hub:MembersOnly", "true"))
{
    protected override bool IsBroken => false;
}

/// <summary>A hub whose groups are for their members only and whose first default chat is another one.</summary>
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

    // The raw endpoints were once a way around it, even for the history.
    [Fact]
    public async Task MembersOnly_HoldsOnTheRawEndpoints()
    {
        await using var anna = await ConnectAsync("anna");
        await anna.JoinAsync("private");
        await anna.PostAsync("private", "a secret");
        foreach (var path in (string[])["/chat/group/private/mallory", "/chat/group/private/mallory?format=json&since=x:0"])
        {
            Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, path))).Status);
        }

        await using var channel = await Cluster.ConnectAsync(0, "/chat/channel/mallory?format=json");
        foreach (var message in (string[])["""{"Method":"UserGroup","Group":"private","MsgId":"m"}""", """{"Method":"UserGroup","Group":"private","Since":"x:0","MsgId":"m"}""", """{"Method":"Group","Group":"private","MsgBody":"x","MsgId":"m"}"""])
        {
            await channel.SendAsync(message);
            Assert.Equal(("not_member", "m"), await channel.NextFrameAsync("error") is var error ? (error.Code, error.Id) : default);
        }

        // A member may read it, and a user is in the default chats on the raw endpoints as well.
        await using var member = await Cluster.ConnectAsync(0, "/chat/group/private/anna?format=json&since=x:0");
        Assert.Equal("a secret", (await member.NextFrameAsync("message")).Msg);
        await using var lobby = await Cluster.ConnectAsync(0, "/chat/group/lobby/mallory");
        await channel.SendAsync("""{"Method":"UserGroup","Group":"lobby"}""");
        Assert.Equal("group:lobby", (await channel.NextFrameAsync("joined")).Topic);

        // After the leave the user is no member any more, on either kind of endpoint.
        await anna.LeaveAsync("private");
        Assert.Equal(4403, (await member.ClosedAsync()).Code);
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, "/chat/group/private/anna"))).Status);
    }

    // Removals once counted as messages, so a client was told of a hole where the log had more of them than an answer has messages.
    [Fact]
    public async Task Join_AfterMoreHaveLeftThanAnAnswerHasMessages_IsWhole()
    {
        await using var anna = await ConnectAsync("anna");
        await using var carl = await ConnectAsync("carl");
        await anna.JoinAsync("busy");
        var before = await anna.PostAsync("busy", "before");
        for (var i = 0; i < 10; i++)
        {
            await carl.JoinAsync("busy");
            await carl.LeaveAsync("busy");
        }

        await anna.PostAsync("busy", "after");
        await using var ben = await ConnectAsync("ben");
        var missed = await ben.JoinAsync("busy", $"{before.Epoch}:{before.Offset}");

        Assert.Equal((true, "after"), (missed.Recovered, Assert.Single(missed.Messages).Message));
    }

    private static async Task AssertNotMemberAsync<T>(Func<Task<T>> call) =>
        Assert.Contains("not_member: ", (await Assert.ThrowsAsync<HubException>(call)).Message, StringComparison.Ordinal);

    private Task<HubDotNetClient> ConnectAsync(string nick) => HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, nick);
}
