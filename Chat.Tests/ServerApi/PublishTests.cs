using System.Text;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>A backend's messages take the same way as all others.</summary>
public sealed class PublishTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    [Fact]
    public async Task Publish_ReachesRawAndHubMembers_OnEveryNode()
    {
        var group = Unique("g");
        await using var text = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{group}/ben");
        await using var json = await ChatClient.ConnectAsync(Nodes.Deployed.Address, $"/chat/group/{group}/ben?format=json");
        await using var hub = await HubDotNetClient.ConnectAsync(Nodes.Developed.Address, "carl");
        await hub.JoinAsync(group);

        var published = (await Api.PostAsync("publish", new { topic = "group:" + group, msg = "It's \"8\" o'clock 🕗", from = "clock", id = "at-8" })).Read<PublishedAnswer>();

        Assert.Equal($"group 【{group}】 user 【clock】 send:It's \"8\" o'clock 🕗", await text.NextAsync());
        var frame = await json.NextFrameAsync("message");
        Assert.Equal(("clock", "It's \"8\" o'clock 🕗", "at-8", published.Epoch, published.Offset), (frame.From, frame.Msg, frame.Id, frame.Epoch, frame.Offset));
        Assert.Equal("It's \"8\" o'clock 🕗", (await hub.NextAsync("message")).Message);
    }

    [Fact]
    public async Task Publish_ToAUserAndToAll_IsFromTheKey_UnlessItSaysOtherwise()
    {
        var user = Unique("anna");
        await using var anna = await ChatClient.ConnectAsync(Nodes.Developed.Address, "/chat/channel/" + user);

        await Api.PostAsync("publish", new { topic = "user:" + user, msg = "one" });
        Assert.Equal($"user {ApiNodes.Backend} send:one", await anna.NextAsync());
        await Api.PostAsync("publish", new { topic = "all", msg = "two" });
        await anna.UntilAsync(text => text == $"user 【{ApiNodes.Backend}】 send all:two");
    }

    // JSON is UTF-8, but some libraries begin it with a byte order mark, or declare and send UTF-16.
    [Theory]
    [InlineData("utf-8", "")]
    [InlineData("utf-8", "\uFEFF")]
    [InlineData("utf-16", "")]
    public async Task Publish_InAnyEncoding_IsWhatWasWritten(string encoding, string mark)
    {
        var user = Unique("anna");
        await using var anna = await ChatClient.ConnectAsync(Nodes.Developed.Address, "/chat/channel/" + user);

        using var body = new StringContent($"{mark}{{\"topic\":\"user:{user}\",\"msg\":\"8 o'clock 🕗\"}}", Encoding.GetEncoding(encoding), "application/json");
        (await Api.SendAsync(HttpMethod.Post, "publish", body)).Read<PublishedAnswer>();

        Assert.Equal($"user {ApiNodes.Backend} send:8 o'clock 🕗", await anna.NextAsync());
    }

    // A backend that got no answer sends the message again, perhaps to another node, while the first request may still be on its way.
    [Fact]
    public async Task Publish_WithOneId_OnTwoNodesAtOnce_IsThereOnce()
    {
        var topic = "group:" + Unique("g");
        ApiClient[] clients = [Api, new(Nodes.Developed)];
        var message = new { topic, msg = "once", id = "order-1" };

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => clients[i % 2].PostAsync("publish", message)));
        var next = (await Api.PostAsync("publish", new { topic, msg = "next" })).Read<PublishedAnswer>();

        Assert.Single(all.Select(answer => answer.Read<PublishedAnswer>()).Distinct());
        Assert.Equal(all[0].Read<PublishedAnswer>().Offset + 1, next.Offset);
    }

    // The first answer was lost, and the backend was given its next key before it sent the message again.
    [Fact]
    public async Task Publish_WithOneId_UnderTheOldKeyAndTheNew_IsThereOnce()
    {
        var message = new { topic = "group:" + Unique("g"), msg = "once", id = "order-1" };

        var old = (await Api.PostAsync("publish", message)).Read<PublishedAnswer>();
        var again = (await new ApiClient(Nodes.Deployed, "X-Api-Key: " + ApiNodes.OtherKey).PostAsync("publish", message)).Read<PublishedAnswer>();

        Assert.Equal(old, again);
    }

    [Fact]
    public async Task PublishMany_AnswersForEachTopic_InOrder()
    {
        var names = Enumerable.Range(0, 200).Select(i => $"user:{Unique("u")}").ToArray();
        await using var last = await ChatClient.ConnectAsync(Nodes.Developed.Address, "/chat/user/" + names[^1]["user:".Length..]);

        var answer = (await Api.PostAsync("publish-many", new { topics = (string[])["group:", .. names], msg = "sale", id = "s1" })).Read<ManyAnswer>();

        Assert.Equal(200, answer.Published);
        Assert.Equal(("group:", 400, "invalid_topic"), (answer.Results[0].Topic, answer.Results[0].Status, answer.Results[0].Code));
        Assert.Equal(names, answer.Results.Skip(1).Select(result => result.Topic));
        Assert.All(answer.Results.Skip(1), result => Assert.Equal((200, "s1", 1L), (result.Status, result.Id, result.Offset)));
        Assert.Equal($"user {ApiNodes.Backend} send:sale", await last.NextAsync());
    }

    // Names with a meaning in keys, paths, JSON or to a terminal.
    [Fact]
    public async Task Publish_ToAHostileName_ReachesThatTopicAndNoOther()
    {
        foreach (var id in NastyIds.Some)
        {
            var answer = await Api.PostAsync("publish", new { topic = "group:" + id, msg = "x", id = Unique("m") });
            Assert.Equal(1, answer.Read<PublishedAnswer>().Offset);
        }

        foreach (var name in (string[])["", "user", "user:", "group:", "User:a", "all:", "alles", "topic:a", "user: a", "user:a ", "user:\n", "user:a\0b", "group:\u200b", "user:" + new string('x', 129)])
        {
            (await Api.PostAsync("publish", new { topic = name, msg = "x" })).IsProblem(400, "invalid_topic");
        }
    }

    private sealed record ManyAnswer(int Published, ManyResult[] Results);

    private sealed record ManyResult(string Topic, int Status, string? Code, string? Id, string? Epoch, long? Offset);
}
