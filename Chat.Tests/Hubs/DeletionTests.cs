using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A message is deleted while members of its group are on three nodes, in every protocol.</summary>
public sealed class DeletionTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    private readonly string _group = Unique("group");

    [Fact]
    public async Task Deletion_IsToldOnEveryNode_InItsPlace_AndToWhoComesBackElsewhere()
    {
        await using var json = await Cluster.ConnectAsync(0, Unique("anna"));
        await using var pack = await Cluster.ConnectAsync(1, Unique("ben"), new HubClientOptions { SpeaksMessagePack = true });
        await using var third = await Cluster.ConnectAsync(2, Unique("carl"));
        HubDotNetClient[] members = [json, pack, third];
        foreach (var member in members)
        {
            await member.JoinAsync(_group);
        }

        var first = await json.PostAsync(_group, "first");
        var said = await third.PostAsync(_group, "secret", "m-1");
        foreach (var member in members)
        {
            Assert.Equal("first", (await member.NextAsync("message")).Message);
            Assert.Equal("secret", (await member.NextAsync("message")).Message);
        }

        await Cluster.DeleteAsync("group:" + _group, said.Epoch, said.Offset, node: 1);
        await json.PostAsync(_group, "last");

        foreach (var member in members)
        {
            var deleted = await member.NextWhereAsync(one => one.Name is "deleted" or "message");
            Assert.Equal((_group, "tests", said.Epoch, said.Offset + 1), (deleted.Group, deleted.Nick, deleted.Epoch, deleted.Offset));
            Assert.Equal(new ChatDeletion("m-1", said.Epoch, said.Offset), deleted.Deleted);
            Assert.Equal("last", (await member.NextAsync("message")).Message);
        }

        await using var late = await Cluster.ConnectAsync(2, Unique("dora"), new HubClientOptions { SpeaksMessagePack = true });
        var joined = await late.JoinAsync(_group, since: $"{first.Epoch}:{first.Offset}");
        var history = await late.HistoryAsync(_group);
        Assert.Equal((true, "last"), (joined.Recovered, Assert.Single(joined.Messages).Message));
        Assert.Equal(["first", "last"], history.Messages.Select(message => message.Message));
        foreach (var answer in new[] { joined, history })
        {
            Assert.Equal(new ChatDeletion("m-1", said.Epoch, said.Offset), Assert.Single(answer.Deletions!).Deleted);
        }
    }

    // Whoever comes back has the message, or would get it: the notice is between their position and the present in any case.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Client_ThatComesBackWithAPosition_HearsOfTheDeletion_AndNotOfTheText(int more)
    {
        var user = Unique("anna");
        await using (var anna = await Cluster.ConnectAsync(0, user))
        {
            await anna.JoinAsync(_group);
        }

        await using var ben = await Cluster.ConnectAsync(1, Unique("ben"));
        await ben.JoinAsync(_group);
        var said = await ben.PostAsync(_group, "secret");
        await Cluster.DeleteAsync("group:" + _group, said.Epoch, said.Offset);
        await ben.PostAsync(_group, "last");

        await using var back = await Cluster.ConnectAsync(2, user, new HubClientOptions { Query = $"?since={Uri.EscapeDataString($"{_group}:{said.Epoch}:{said.Offset - 1 + more}")}" });

        Assert.Equal(("deleted", said.Offset), await back.NextWhereAsync(one => one.Name is "deleted" or "message") is var next ? (next.Name, next.Deleted!.Offset) : default);
        Assert.Equal("last", (await back.NextAsync("message")).Message);
    }
}
