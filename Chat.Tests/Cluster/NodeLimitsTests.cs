using Chat.Api.WebSockets;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>One node with small limits and short timeouts.</summary>
public sealed class SmallNode() : NodeClusterFixture(
    nodes: 1,
    persists: false,
    ("Chat:Connections:PerNode", "4"),
    ("Chat:Connections:UntakenAnswers", "3"),
    ("Chat:Connections:PingInterval", "00:00:01"),
    ("Chat:Connections:SilenceLimit", "00:00:02"),
    ("Chat:Connections:CloseTimeout", "00:00:00.5"));

public sealed class NodeLimitsTests(SmallNode fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<SmallNode>
{
    [Fact]
    public async Task PerNode_OverTheLimit_Is503_UntilOneGoes()
    {
        var clients = new List<ChatClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await Cluster.ConnectWhenAdmittedAsync(0, $"/chat/user/{i}"));
        }

        var refused = await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(0, "/chat/user/5"));
        Assert.Equal((503, "2"), (refused.Status, refused.RetryAfter));

        clients[0].Abort();
        await using var admitted = await Cluster.ConnectWhenAdmittedAsync(0, "/chat/user/5");
        clients.ForEach(client => client.Abort());
    }

    /// <summary>Clients that had once read enough could formerly leave answers waiting for hours; over HTTP/2, a hundred answers on one connection.</summary>
    [Fact]
    public async Task Answers_ThatNobodyReads_AreNoMoreThanMayWait()
    {
        var clients = Enumerable.Range(0, 5).Select(_ => DeafClient.AskAsync(Cluster.Nodes[0].Address, "/alive")).ToArray();

        await Task.WhenAny(clients).WaitAsync(ChatClient.Deadline); // the others end with the node
    }

    [Fact]
    public async Task Silence_OfADeadPeer_IsFound_AndWhoAnswersStays()
    {
        await using var alive = await Cluster.ConnectWhenAdmittedAsync(0, "/chat/user/alive");
        await using var dead = await Cluster.ConnectRawAsync(0, "/chat/user/dead");

        await dead.ReadAsync(WebSocketOpcode.Ping);
        var close = await dead.ReadAsync(WebSocketOpcode.Close);
        Assert.Equal((1001, "ping timeout"), (close.CloseCode, close.CloseText));
        Assert.Null(await dead.ReadAsync());

        // This client is as silent as the other one, except for its pongs.
        await alive.SendAsync("not json");
        Assert.StartsWith("error: ", await alive.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_BrokenOnlyByPongs_IsNoSilence()
    {
        await using var client = await Cluster.ConnectRawAsync(0, "/chat/user/pongs");
        for (var i = 0; i < 4; i++)
        {
            await client.ReadAsync(WebSocketOpcode.Ping);
            await client.SendAsync(WebSocketOpcode.Pong, []);
        }

        await client.SendTextAsync("not json");
        Assert.StartsWith("error: ", (await client.ReadAsync(WebSocketOpcode.Text)).Text, StringComparison.Ordinal);
    }
}
