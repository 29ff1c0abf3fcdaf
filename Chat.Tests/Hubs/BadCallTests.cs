using System.Text.Json.Nodes;
using Chat.Tests.Support;
using Microsoft.AspNetCore.SignalR;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>Calls that are wrong in every way that a client can get wrong. Each gets an error that says so, and the connection stays.</summary>
public sealed class BadCallTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private static readonly string TooLong = new('x', 129);

    [Theory]
    [InlineData("post", """{"message":"x","group":" blank"}""", "invalid_id: ")]
    [InlineData("post", """{"message":"x","group":""}""", "invalid_id: ")]
    [InlineData("post", """{"message":"x","group":"g\u200B"}""", "invalid_id: ")]
    [InlineData("post", """{"message":"x","group":"LONG"}""", "invalid_id: ")]
    [InlineData("post", """{"message":"x","group":"g","id":"no id"}""", "invalid_")]
    [InlineData("post", """{"message":"x"}""", ": ")]
    [InlineData("post", """{"group":"g"}""", ": ")]
    [InlineData("post", """{"message":null,"group":"g"}""", ": ")]
    [InlineData("join", """{"group":"g "}""", "invalid_id: ")]
    [InlineData("join", """{}""", ": ")]
    [InlineData("leave", """{"group":"\u0007"}""", "invalid_id: ")]
    [InlineData("leave", """{}""", ": ")]
    [InlineData("unsubscribe", """{"group":"\u0007"}""", "invalid_id: ")]
    [InlineData("send", """{"to":"a\u000Ab","message":"x"}""", "invalid_id: ")]
    [InlineData("send", """{"message":"x"}""", ": ")]
    [InlineData("send", """{"to":"ben"}""", ": ")]
    [InlineData("history", """{"group":"\u0007"}""", "invalid_id: ")]
    [InlineData("history", """{"group":"g","limit":-1}""", ": ")]
    [InlineData("typing", """{"group":"\u0007"}""", "invalid_id: ")]
    [InlineData("refresh", """{}""", ": ")]
    [InlineData("refresh", """{"token":"no token"}""", "invalid_token: ")]
    [InlineData("post", "null", "malformed: ")]
    [InlineData("typing", "null", "malformed: ")]
    public async Task Call_WithAValueThatCannotBe_SaysWhich(string method, string payload, string says)
    {
        await using var anna = await ConnectAsync();

        var error = await RefusedAsync(anna, method, JsonNode.Parse(payload.Replace("LONG", TooLong, StringComparison.Ordinal)));

        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected error", error.Replace("An unexpected error occurred invoking", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        await AssertLivesAsync(anna);
    }

    [Theory]
    [InlineData("post", "\"a string\"")]
    [InlineData("post", "7")]
    [InlineData("post", "[]")]
    [InlineData("post", """{"message":7,"group":"g"}""")]
    [InlineData("post", """{"message":{"deep":true},"group":"g"}""")]
    [InlineData("post", """{"message":"x","group":["g"]}""")]
    [InlineData("join", """{"group":1}""")]
    [InlineData("history", """{"group":"g","limit":"many"}""")]
    [InlineData("history", """{"group":"g","limit":99999999999}""")]
    [InlineData("nothing", "{}")]
    [InlineData("OnConnectedAsync", "{}")]
    [InlineData("Dispose", "{}")]
    public async Task Call_OfTheWrongShape_IsAnError(string method, string payload)
    {
        await using var anna = await ConnectAsync();

        await RefusedAsync(anna, method, JsonNode.Parse(payload));

        await AssertLivesAsync(anna);
    }

    [Fact]
    public async Task Call_WithTooFewOrTooManyArguments_IsAnError()
    {
        await using var anna = await ConnectAsync();

        await Assert.ThrowsAsync<HubException>(() => anna.InvokeAsync("post"));
        await Assert.ThrowsAsync<HubException>(() => anna.InvokeAsync("post", new { message = "x", group = "g" }, new { }));

        await AssertLivesAsync(anna);
    }

    [Fact]
    public async Task Payload_ThatNestsDeep_InWhatNobodyKnows_IsIgnored()
    {
        await using var anna = await ConnectAsync();
        JsonNode deep = JsonValue.Create(1);
        for (var i = 0; i < 40; i++) // SignalR itself reads 64 levels
        {
            deep = new JsonArray(deep);
        }

        await anna.InvokeAsync("post", new JsonObject { ["message"] = "x", ["group"] = "deep", ["more"] = deep });

        await AssertLivesAsync(anna);
    }

    [Theory]
    [InlineData(HubTransport.WebSockets)]
    [InlineData(HubTransport.LongPolling)]
    public async Task Message_BiggerThanAllowed_EndsTheConnection_WithTheReason(HubTransport transport)
    {
        await using var anna = await ConnectAsync(transport);

        // 32 KiB are allowed: one message is almost that long, and one is longer.
        await anna.PostAsync("big", new string('x', 32_600));
        await Assert.ThrowsAnyAsync<Exception>(() => anna.PostAsync("big", new string('x', 33_000)));

        Assert.Contains("maximum message size of 32768B", await anna.ClosedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallsWithoutAnAnswer_ThatAreWrong_HurtNobody()
    {
        await using var anna = await ConnectAsync();

        await anna.CallAsync("post", new { group = " ", message = "x" });
        await anna.CallAsync("nothing");
        await anna.CallAsync("join", 7);

        await AssertLivesAsync(anna);
    }

    private static async Task<string> RefusedAsync(HubClient client, string method, JsonNode? payload) =>
        (await Assert.ThrowsAsync<HubException>(() => client.InvokeAsync(method, payload))).Message;

    private static async Task AssertLivesAsync(HubClient client)
    {
        var group = $"alive-{Guid.NewGuid():N}";
        await client.JoinAsync(group);
        await client.PostAsync(group, "alive");
        Assert.Equal("alive", (await client.NextWhereAsync(next => next.Group == group && next.Name == "message")).Message);
    }

    private Task<HubDotNetClient> ConnectAsync(HubTransport transport = HubTransport.WebSockets) =>
        HubDotNetClient.ConnectAsync(Cluster.Edge, "anna", transport);
}
