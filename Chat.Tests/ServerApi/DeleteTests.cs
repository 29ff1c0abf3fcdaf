using System.Text.Json.Nodes;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>A backend deletes messages.</summary>
public sealed class DeleteTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    private readonly string _group = Unique("g");

    private string Topic => "group:" + _group;

    [Fact]
    public async Task Delete_IsToldInOrder_AndNobodyWhoComesLaterGetsTheText()
    {
        await using var here = await ChatClient.ConnectAsync(Nodes.Deployed.Address, $"/chat/group/{_group}/anna?format=json");
        await using var there = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{_group}/ben?format=json");
        await using var text = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{_group}/carl");
        await here.NextFrameAsync("subscribed");
        var start = await there.NextFrameAsync("subscribed");
        var secret = Unique("secret");
        var said = await PublishAsync(secret, "m-1");
        await PublishAsync("next", "m-2");
        foreach (var member in new[] { here, there })
        {
            Assert.Equal(secret, (await member.NextFrameAsync("message")).Msg);
            Assert.Equal("next", (await member.NextFrameAsync("message")).Msg);
        }

        var notice = (await DeleteAsync(said.Epoch!, said.Offset)).Read<DeletedAnswer>();
        await PublishAsync("last", "m-3");

        Assert.Equal(new DeletedAnswer(true, said.Epoch, said.Offset + 2), notice);
        foreach (var member in new[] { here, there })
        {
            var deleted = await member.NextFrameAsync();
            Assert.Equal(("deleted", Topic, ApiNodes.Backend, notice.Epoch, notice.Offset), (deleted.Type, deleted.Topic, deleted.From, deleted.Epoch, deleted.Offset));
            Assert.Equal(new ChatDeletion("m-1", said.Epoch!, said.Offset), deleted.Deleted);
            Assert.Null(deleted.Msg);
            Assert.Equal("last", (await member.NextFrameAsync()).Msg);
        }

        Assert.All(await text.UntilAsync(line => line.EndsWith("last", StringComparison.Ordinal)), line => Assert.Contains(line[(line.LastIndexOf(':') + 1)..], new[] { secret, "next", "last" }));
        await using var later = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/group/{_group}/dora?format=json&since={start.Position}");
        Assert.Equal(("subscribed", true), await later.NextFrameAsync() is var first ? (first.Type, first.Recovered) : default);
        Assert.Equal("message next, deleted , message last", string.Join(", ", await later.NextFrameAsync() is var one && await later.NextFrameAsync() is var two && await later.NextFrameAsync() is var three
            ? new[] { one, two, three }.Select(frame => $"{frame.Type} {frame.Msg}") : []));
        AssertNowhere(secret);
    }

    [Fact]
    public async Task History_LeavesTheMessageOut_AndNamesTheDeletion()
    {
        var before = await PublishAsync("before", "m-0");
        var said = await PublishAsync("secret", "m-1");
        var last = await PublishAsync("last", "m-2");
        var notice = (await DeleteAsync(said.Epoch!, said.Offset, from: "moderator")).Read<DeletedAnswer>();

        foreach (var more in new[] { "", $"&since={before.Epoch}:{before.Offset - 1}" })
        {
            var history = (await Api.GetAsync($"history?topic={Topic}{more}")).Body;
            Assert.Equal(["before", "last"], history["messages"]!.AsArray().Select(message => (string)message!["msg"]!));
            Assert.Equal((true, notice.Offset), ((bool)history["recovered"]!, (long)history["offset"]!));
            var deletion = Assert.Single(history["deletions"]!.AsArray())!;
            Assert.Equal(("moderator", notice.Epoch, notice.Offset), ((string)deletion["from"]!, (string)deletion["epoch"]!, (long)deletion["offset"]!));
            Assert.True(JsonNode.DeepEquals(new JsonObject { ["id"] = "m-1", ["epoch"] = said.Epoch, ["offset"] = said.Offset }, deletion["deleted"]));
        }

        Assert.Null((await Api.GetAsync($"history?topic={Topic}&since={notice.Epoch}:{notice.Offset}")).Body["deletions"]);
        var page = (await Api.GetAsync($"history?topic={Topic}&limit=1&since={before.Epoch}:{before.Offset}")).Body;
        Assert.Equal((last.Offset, "last"), ((long)page["offset"]!, (string)page["messages"]![0]!["msg"]!)); // what is deleted does not count
    }

    [Fact]
    public async Task Delete_Repeated_OnAnotherNode_AnswersTheSame_AndNoRepetitionBringsTheMessageBack()
    {
        var said = await PublishAsync("secret", "m-1");
        var first = (await DeleteAsync(said.Epoch!, said.Offset)).Read<DeletedAnswer>();

        Assert.Equal(said, await PublishAsync("secret", "m-1"));
        var again = (await new ApiClient(Nodes.Developed).PostAsync("messages/delete", new { topic = Topic, epoch = said.Epoch, offset = said.Offset })).Read<DeletedAnswer>();

        Assert.Equal(first, again);
        var history = (await Api.GetAsync("history?topic=" + Topic)).Body;
        Assert.Equal((0, 2L), (history["messages"]!.AsArray().Count, (long)history["offset"]!));
    }

    [Fact]
    public async Task Delete_OfWhatIsNotThere_SaysSo()
    {
        var said = await PublishAsync("stays", "m-1");

        Assert.Equal("""{"deleted":false}""", (await DeleteAsync(said.Epoch!, said.Offset + 1)).Text);
        Assert.Equal("""{"deleted":false}""", (await DeleteAsync("another", said.Offset)).Text);
        Assert.Equal("""{"deleted":false}""", (await Api.PostAsync("messages/delete", new { topic = "user:" + _group, epoch = said.Epoch, offset = said.Offset })).Text);
        Assert.Equal("stays", (string)(await Api.GetAsync("history?topic=" + Topic)).Body["messages"]![0]!["msg"]!);
    }

    [Fact]
    public async Task Delete_OfAMessageToAUser_OrToAll_IsToldThere()
    {
        await using var channel = await ChatClient.ConnectAsync(Nodes.Developed.Address, $"/chat/channel/{_group}?format=json");
        foreach (var topic in new[] { "user:" + _group, "all" })
        {
            var said = (await Api.PostAsync("publish", new { topic, msg = "secret", id = _group })).Read<PublishedAnswer>();
            (await Api.PostAsync("messages/delete", new { topic, epoch = said.Epoch, offset = said.Offset })).Read<DeletedAnswer>();

            ChatFrame? deleted = null;
            await channel.UntilAsync(text => (deleted = ChatFrame.Parse(text)).Type == "deleted" && deleted.Topic == topic);
            Assert.Equal(new ChatDeletion(_group, said.Epoch!, said.Offset), deleted!.Deleted);
        }
    }

    [Fact]
    public async Task Delete_ThatIsNotRight_IsAProblem()
    {
        (await Api.PostAsync("messages/delete", new { topic = "x", epoch = "e", offset = 1 })).IsProblem(400, "invalid_topic");
        (await Api.PostAsync("messages/delete", new { topic = "all", epoch = "e", offset = 0 })).IsProblem(400, "malformed");
        (await Api.PostAsync("messages/delete", new { topic = "all", epoch = "E%d", offset = 1 })).IsProblem(400, "malformed");
        (await Api.PostAsync("messages/delete", new { topic = "all", epoch = "", offset = 1 })).IsProblem(400, "malformed");
        (await Api.PostAsync("messages/delete", new { topic = "all", epoch = "e", offset = 1, from = " " })).IsProblem(400, "invalid_id");
        (await Api.PostAsync("messages/delete", new { topic = "all", offset = 1 })).IsProblem(400, "malformed");
    }

    private async Task<PublishedAnswer> PublishAsync(string msg, string id) =>
        (await Api.PostAsync("publish", new { topic = Topic, msg, id })).Read<PublishedAnswer>();

    private Task<ApiAnswer> DeleteAsync(string epoch, long offset, string? from = null) => from is null
        ? Api.PostAsync("messages/delete", new { topic = Topic, epoch, offset })
        : Api.PostAsync("messages/delete", new { topic = Topic, epoch, offset, from });

    private void AssertNowhere(string text)
    {
        var keys = ((object?[])Nodes.Redis.Execute("KEYS", $"*{_group}*")!).OfType<string>().ToList();
        Assert.Contains($"{{{Topic}}}:log", keys);
        foreach (var key in keys)
        {
            var content = (string?)Nodes.Redis.Execute("TYPE", key) switch
            {
                "list" => Nodes.Redis.Execute("LRANGE", key, "0", "-1"),
                "hash" => Nodes.Redis.Execute("HGETALL", key),
                "zset" => Nodes.Redis.Execute("ZRANGE", key, "0", "-1"),
                "set" => Nodes.Redis.Execute("SMEMBERS", key),
                _ => Nodes.Redis.Execute("GET", key),
            };
            Assert.DoesNotContain(content is object?[] many ? many : [content], part => part?.ToString()?.Contains(text, StringComparison.Ordinal) == true);
        }
    }

    private sealed record DeletedAnswer(bool Deleted, string? Epoch, long Offset);
}
