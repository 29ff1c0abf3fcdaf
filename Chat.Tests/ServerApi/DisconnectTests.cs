using Chat.Tests.Auth;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>A backend ends all connections of a user, of every kind and on every node.</summary>
public sealed class DisconnectTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    private readonly string _anna = Unique("anna");

    [Fact]
    public async Task Disconnect_ClosesRawConnections_WithTheReason_AndNobodyElses()
    {
        await using var here = await ChatClient.ConnectAsync(Nodes.Deployed.Address, "/chat/user/" + _anna);
        await using var there = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/channel/{_anna}?format=json");
        await using var other = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/user/{_anna}2");

        // The 101 comes before the connections are counted; an answer comes after.
        await here.SendAsync("not json");
        Assert.StartsWith("error: ", await here.NextAsync(), StringComparison.Ordinal);
        await there.NextFrameAsync("subscribed");

        Assert.Equal(new Disconnected(2, 2, 2), await DisconnectAsync("Your \"session\" is over 👋"));

        Assert.Equal(new Closing(4410, "Your \"session\" is over 👋"), await here.ClosedAsync());
        Assert.Equal(new Closing(4410, "Your \"session\" is over 👋"), await there.ClosedAsync());
        Assert.False(other.Ended.IsCompleted);
        Assert.Equal(new Disconnected(2, 2, 0), await DisconnectAsync(null));
    }

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.ServerSentEvents)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Disconnect_TellsHubClientsNotToComeBack(HubTransport transport)
    {
        await using var anna = await HubDotNetClient.ConnectAsync(
            Nodes.Developed.Address, _anna, transport, new HubClientOptions { Token = () => TestToken.For(_anna), Reconnects = true });

        Assert.Equal(new Disconnected(2, 2, 1), await DisconnectAsync(null));

        await anna.ClosedAsync();
        Assert.Equal(0, anna.Reconnections);
    }

    [Fact]
    public async Task Disconnect_WithAReasonThatNoCloseCouldCarry_IsAProblem()
    {
        (await Api.PostAsync("users/disconnect", new { user = _anna, reason = new string('x', 124) })).IsProblem(400, "invalid_reason");
        (await Api.PostAsync("users/disconnect", new { user = _anna, reason = "two\nlines" })).IsProblem(400, "invalid_reason");
        (await Api.PostAsync("users/disconnect", new { user = _anna, reason = "" })).IsProblem(400, "invalid_reason");
        (await Api.PostAsync("users/disconnect", new { user = "\ud83d" })).IsProblem(400, "invalid_id");
    }

    private async Task<Disconnected> DisconnectAsync(string? reason) =>
        (await Api.PostTextAsync("users/disconnect", System.Text.Json.JsonSerializer.Serialize(reason is null
            ? new Dictionary<string, string> { ["user"] = _anna } : new Dictionary<string, string> { ["user"] = _anna, ["reason"] = reason }))).Read<Disconnected>();

    private sealed record Disconnected(int Nodes, int Confirmed, long Connections);
}
