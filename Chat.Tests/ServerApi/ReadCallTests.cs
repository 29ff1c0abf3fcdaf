using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>What a backend reads: history, presence, the cluster.</summary>
public sealed class ReadCallTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    private readonly string _group = Unique("g");

    [Fact]
    public async Task History_ComesInPages_FromAPositionOn()
    {
        for (var i = 1; i <= 7; i++)
        {
            await Api.PostAsync("publish", new { topic = "group:" + _group, msg = $"m{i}", from = "ben", id = $"id{i}" });
        }

        var latest = await HistoryAsync("&limit=2");
        Assert.Equal((true, false, 7L), (latest.Recovered, latest.More, latest.Offset));
        Assert.Equal(["m6", "m7"], latest.Messages.Select(message => message.Msg));
        Assert.Equal(("ben", "id7", 7L, latest.Epoch), latest.Messages[1] is var last ? (last.From, last.Id, last.Offset, last.Epoch) : default);

        var all = new List<string>();
        for (var since = latest.Epoch + ":0"; ;)
        {
            var page = await HistoryAsync($"&limit=3&since={since}");
            Assert.True(page.Recovered);
            all.AddRange(page.Messages.Select(message => message.Msg));
            since = $"{page.Epoch}:{page.Offset}";
            if (!page.More)
            {
                break;
            }
        }

        Assert.Equal(["m1", "m2", "m3", "m4", "m5", "m6", "m7"], all);
        Assert.False((await HistoryAsync("&since=another:3")).Recovered);
        Assert.Empty((await HistoryAsync("", "group:" + Unique("nobody-wrote-here"))).Messages);
    }

    [Fact]
    public async Task Presence_IsListedAndCounted_OverAllNodes()
    {
        await using var anna = await ChatClient.ConnectAsync(Nodes.Deployed.Address, $"/chat/group/{_group}/anna");
        await using var again = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{_group}/anna");
        await using var ben = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{_group}/ben");

        var topic = "topic=group:" + _group;
        PresenceAnswer? found = null;
        await Eventually.TrueAsync(async () => (found = (await Api.GetAsync("presence?" + topic)).Read<PresenceAnswer>()).Users.Sum(user => user.Connections) == 3);
        Assert.Equal([new("anna", 2), new("ben", 1)], found!.Users);
        Assert.Equal((2L, null), (found.Count, found.Next));
        Assert.Equal(2L, (await Api.GetAsync("presence/count?" + topic)).Read<PresenceAnswer>().Count);
    }

    [Fact]
    public async Task Questions_BeyondTheirRules_AreProblems()
    {
        (await Api.GetAsync("history")).IsProblem(400, "malformed");
        (await Api.GetAsync("history?topic=x")).IsProblem(400, "invalid_topic");
        (await Api.GetAsync("history?topic=group:a&topic=all")).IsProblem(400, "malformed"); // was the topic "group:a,all"
        (await Api.GetAsync("history?topic=all&limit=0")).IsProblem(400, "malformed");
        (await Api.GetAsync("history?topic=all&limit=many")).IsProblem(400, "malformed");
        (await Api.GetAsync("history?topic=all&since=1")).IsProblem(400, "malformed");
        (await Api.GetAsync("presence?topic=user:anna")).IsProblem(400, "no_presence");
        (await Api.GetAsync("presence/count?topic=user:anna")).IsProblem(400, "no_presence");
        (await Api.GetAsync("presence?topic=all&after=x")).IsProblem(400, "malformed");
        (await Api.GetAsync("presence?topic=all&after=18446744073709551616")).IsProblem(400, "malformed");
    }

    [Fact]
    public async Task Cluster_CountsItsNodesAndConnections()
    {
        await using var client = await ChatClient.ConnectAsync(Nodes.Developed.Address, "/chat/user/anna");
        ClusterAnswer? cluster = null;
        await Eventually.TrueAsync(async () => (cluster = (await Api.GetAsync("cluster")).Read<ClusterAnswer>()).Connections >= 1);

        Assert.Equal((2, 2, 0, true), (cluster!.Nodes, cluster.Ready, cluster.Draining, cluster.Redis));
        Assert.Equal(2, Assert.Single(cluster.Versions).Value);
        var nodes = (await Api.GetAsync("nodes")).Body["nodes"]!.AsArray();
        Assert.Equal(new[] { Nodes.Deployed.Id, Nodes.Developed.Id }.Order(), nodes.Select(node => (string)node!["id"]!).Order());
    }

    private async Task<HistoryAnswer> HistoryAsync(string query, string? topic = null) =>
        (await Api.GetAsync($"history?topic={topic ?? "group:" + _group}{query}")).Read<HistoryAnswer>();

    private sealed record HistoryAnswer(string Epoch, long Offset, bool Recovered, bool More, Message[] Messages);

    private sealed record Message(string From, string Msg, string Id, string Epoch, long Offset, long At);

    private sealed record PresenceAnswer(long Count, User[] Users, string? Next);

    private sealed record User([property: System.Text.Json.Serialization.JsonPropertyName("user")] string Name, long Connections);

    private sealed record ClusterAnswer(int Nodes, int Ready, int Draining, long Connections, Dictionary<string, int> Versions, bool Redis);
}
