using Chat.Api.Connections;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Hubs;

/// <summary>A hub client that does not read ends alone.</summary>
public sealed class SlowClientTests(HubCluster cluster, ITestOutputHelper output) : HubTest(cluster, output)
{
    [Fact]
    public async Task SlowHubClient_IsClosed_AndNobodyElseNotices()
    {
        var group = Unique("group");
        var node = Cluster.Nodes.Nodes[1];
        var token = HubTestToken.Make(Unique("slow"), TimeSpan.FromMinutes(5));
        await using var slow = await RawWebSocket.ConnectAsync(node.Address, $"{HubClient.Path}?access_token={token}", receiveBuffer: 65536);
        await slow.SendTextAsync("""{"protocol":"json","version":1}""" + "\u001e");
        await slow.SendTextAsync($$"""{"type":1,"target":"join","arguments":[{"group":"{{group}}"}]}""" + "\u001e");
        await using var member = await Cluster.ConnectAsync(1, Unique("member")); // on the same node
        await using var poster = await Cluster.ConnectAsync(0, Unique("poster"));
        await member.JoinAsync(group);
        var text = new string('x', 30_000);
        const int Messages = 400; // 12 MB: more than any system buffers for one socket
        for (var i = 0; i < Messages; i++)
        {
            var posted = await poster.PostAsync(group, text);
            Assert.Equal(posted.Offset, (await member.NextAsync("message")).Offset); // each at once
        }

        // Now it reads: what the system held, then the reason.
        var close = await slow.ReadAsync(WebSocketOpcode.Close);
        Assert.Equal((1013, "slow consumer"), (close.CloseCode, close.CloseText));
    }
}
