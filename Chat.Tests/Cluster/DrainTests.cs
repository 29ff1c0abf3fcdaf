using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Cluster;

/// <summary>A node that stops sends its clients elsewhere, each in its own protocol, and not all at once.</summary>
public sealed class DrainTests : IAsyncLifetime
{
    private NodeCluster? _cluster;

    private NodeCluster Cluster => _cluster!;

    public async Task InitializeAsync() => _cluster = await NodeCluster.StartAsync(
        nodes: 1, persists: false, [.. Unlimited.Sending, ("Chat:Connections:DrainTime", "00:00:01"), ("Chat:Connections:PerUser", "0")]);

    public Task DisposeAsync() => Cluster.DisposeAsync().AsTask();

    [Fact]
    public async Task Node_ThatStops_TellsClientsOfEveryKindToComeBack_AfterWhatWaitsForThem()
    {
        var json = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Cluster.ConnectAsync(0, $"/chat/group/drain/j{i}?format=json")));
        var text = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Cluster.ConnectAsync(0, $"/chat/group/drain/t{i}")));
        var hubs = await Task.WhenAll(
            new[] { HubTransport.WebSockets, HubTransport.ServerSentEvents, HubTransport.LongPolling }.Select((transport, i) =>
                HubDotNetClient.ConnectAsync(Cluster.Nodes[0].Address, $"h{i}", transport)));
        await Task.WhenAll(hubs.Select(hub => hub.JoinAsync("drain")));
        await using var writer = await Cluster.ConnectAsync(0, "/chat/group/drain/writer?format=json");
        await using var witness = await Cluster.ConnectAsync(0, "/chat/group/drain/witness");

        // A client has its 101 before it is in the topic, and a text client is not told when it is. The first message it receives may have been read
        // from the log while it joined. The second one shows that it is in.
        foreach (var sign in new[] { "first", "second" })
        {
            await writer.SendJsonAsync(new { Msg = sign });
            await Task.WhenAll(json.Select(client => client.UntilAsync(frame => ChatFrame.Parse(frame) is { Type: "message" } heard && heard.Msg == sign)));
            await Task.WhenAll(text.Select(client => client.UntilAsync(frame => frame.EndsWith("send:" + sign, StringComparison.Ordinal))));
        }

        await writer.SendJsonAsync(new { Msg = "last" });
        await witness.UntilAsync(frame => frame.EndsWith("send:last", StringComparison.Ordinal)); // so the message is in all outboxes

        var node = Cluster.Take(0);
        await node.StopAsync(within: TimeSpan.FromSeconds(25));

        var pauses = new List<int>();
        foreach (var client in json)
        {
            await client.UntilAsync(frame => ChatFrame.Parse(frame) is { Type: "message", Msg: "last" });
            pauses.Add((await client.NextFrameAsync("reconnect")).AfterMs!.Value);
            Assert.Equal(new Closing(1012, "draining"), await client.ClosedAsync());
        }

        foreach (var client in text)
        {
            await client.UntilAsync(frame => frame.EndsWith("send:last", StringComparison.Ordinal));
            Assert.Equal(new Closing(1012, "draining"), await client.ClosedAsync());
            Assert.Empty(client.Pending()); // text frames are those of the first seed, which has none for this
        }

        foreach (var hub in hubs)
        {
            await hub.NextWhereAsync(next => next is { Name: "message", Message: "last" });
            Assert.Matches("draining|1012", await hub.ClosedAsync()); // SignalR's own message, or the close frame after it
        }

        Assert.All(pauses, pause => Assert.InRange(pause, 0, 1000));
        Assert.True(pauses.Distinct().Count() > json.Length / 2, $"They come back together: {string.Join(", ", pauses)}");
        await Task.WhenAll(json.Concat<IAsyncDisposable>(text).Concat(hubs).Append(node).Select(one => one.DisposeAsync().AsTask()));
    }
}
