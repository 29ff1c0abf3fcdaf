using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>Data that a backend reads: history, presence, the cluster.</summary>
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
        AssertSays(await Api.GetAsync("history"), "The query parameter 'topic' is missing.");
        (await Api.GetAsync("history?topic=x")).IsProblem(400, "invalid_topic");
        AssertSays(await Api.GetAsync("history?topic=group:a&topic=all"), "The query parameter 'topic' is given twice."); // once this was the topic "group:a,all"
        (await Api.GetAsync("history?topic=all&limit=0")).IsProblem(400, "malformed");
        AssertSays(await Api.GetAsync("history?topic=all&limit=many"), "The query parameter 'limit' is not of the right kind.");
        (await Api.GetAsync("history?topic=all&since=1")).IsProblem(400, "malformed");
        (await Api.GetAsync("presence?topic=user:anna")).IsProblem(400, "no_presence");
        (await Api.GetAsync("presence/count?topic=user:anna")).IsProblem(400, "no_presence");
        (await Api.GetAsync("presence?topic=all&after=x")).IsProblem(400, "malformed");
        (await Api.GetAsync("presence?topic=all&after=18446744073709551616")).IsProblem(400, "malformed");
    }

    // Each of these was once a topic of its own, with percent signs in its name.
    [Theory]
    [InlineData("%ff")]
    [InlineData("%C3(")] // an incomplete sequence
    [InlineData("%ed%a0%80")] // half of a surrogate pair
    [InlineData("%zz")]
    [InlineData("%f")]
    [InlineData("%")]
    public async Task Query_ThatIsNoPercentEncodedUtf8_IsAProblem(string name)
    {
        foreach (var call in new[] { "history?topic=group:", "groups?user=", "presence?limit=1&topic=group:" })
        {
            var answer = await RawHttp.SendAsync(Nodes.Deployed.Address, "/api/v1/" + call + name, ["X-Api-Key: " + ApiNodes.Key]); // HttpClient would correct some of them
            Assert.Equal(400, RawHttp.Status(answer));
            Assert.Contains("\"detail\":\"A query is UTF-8, in which all but letters and digits is percent-encoded.\",\"code\":\"malformed\"", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("%C3%BC", "ü")]
    [InlineData("100%25", "100%")]
    [InlineData("%F0%9F%98%80", "😀")]
    [InlineData("a+b", "a b")]
    public async Task Query_InPercentEncodedUtf8_IsRead(string name, string read) =>
        Assert.Equal(read, (string?)(await Api.GetAsync("groups?user=" + name)).Body["user"]);

    [Fact]
    public async Task WhatCanBeRead_CanBeAskedAbout_WithoutItsBody()
    {
        foreach (var call in new[] { "cluster", "nodes", "sanctions", "history?topic=all", "presence?topic=all", "groups?user=anna" })
        {
            Assert.Equal((200, ""), await HeadAsync("api/v1/" + call));
        }

        Assert.Equal((200, ""), await HeadAsync("api/nodes"));
        Assert.Equal((400, ""), await HeadAsync("api/v1/history"));
        Assert.Equal((404, ""), await HeadAsync("api/v1/nothing"));
        Assert.Equal((405, ""), await HeadAsync("api/v1/publish"));
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

    private static void AssertSays(ApiAnswer answer, string sentence)
    {
        answer.IsProblem(400, "malformed");
        Assert.Equal(sentence, (string?)answer.Body["detail"]);
    }

    private async Task<(int Status, string Body)> HeadAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path) { Headers = { { "X-Api-Key", ApiNodes.Key } } };
        using var answer = await Nodes.Deployed.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<HistoryAnswer> HistoryAsync(string query, string? topic = null) =>
        (await Api.GetAsync($"history?topic={topic ?? "group:" + _group}{query}")).Read<HistoryAnswer>();

    private sealed record HistoryAnswer(string Epoch, long Offset, bool Recovered, bool More, Message[] Messages);

    private sealed record Message(string From, string Msg, string Id, string Epoch, long Offset, long At);

    private sealed record PresenceAnswer(long Count, User[] Users, string? Next);

    private sealed record User([property: System.Text.Json.Serialization.JsonPropertyName("user")] string Name, long Connections);

    private sealed record ClusterAnswer(int Nodes, int Ready, int Draining, long Connections, Dictionary<string, int> Versions, bool Redis);
}
