using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

public sealed class FaultyNodes() : NodeClusterFixture(
    nodes: 3,
    persists: false,
    [
        .. Unlimited.Sending,
        ("Chat:Connections:DrainTime", "00:00:00.5"),
        ("Chat:Backplane:Group:Messages", "10000"),
    ]);

/// <summary>Nodes die and stop while messages flow. Clients that resume as docs/PROTOCOL.md says miss nothing.</summary>
public sealed class NodeFaultTests(FaultyNodes fixture, ITestOutputHelper output) : NodeClusterTest(fixture, output), IClassFixture<FaultyNodes>
{
    [Fact]
    public async Task NodeKilled_DuringTraffic_CostsNobodyAMessage()
    {
        var clients = await Cluster.JoinAsync(18, i => $"/chat/group/killed/c{i}");
        using var traffic = new Traffic(clients);
        await traffic.UntilAsync(300);

        var dead = Cluster.Take(1);
        Assert.Contains(clients, client => client.Node == dead.Id);
        await dead.KillAsync();
        await traffic.UntilAsync(600);
        await traffic.StopAsync();

        await traffic.AssertNothingMissingAsync();
        Assert.Contains(clients, client => client.Resumes > 0);
        await dead.DisposeAsync();
        await Cluster.AddAsync();
    }

    [Fact]
    public async Task NodeStopping_TellsItsClients_WhoContinueElsewhere()
    {
        var clients = await Cluster.JoinAsync(18, i => $"/chat/group/stopped/c{i}");
        using var traffic = new Traffic(clients);
        await traffic.UntilAsync(300);

        var stopping = Cluster.Take(1);
        var there = clients.Where(client => client.Node == stopping.Id).ToList();
        Assert.NotEmpty(there);
        await stopping.StopAsync(within: TimeSpan.FromSeconds(25));
        await traffic.UntilAsync(600);
        await traffic.StopAsync();

        await traffic.AssertNothingMissingAsync();
        Assert.All(there, client => Assert.Contains(new Closing(1012, "draining"), client.Closings));
        await stopping.DisposeAsync();
        await Cluster.AddAsync();
    }

    [Fact]
    public async Task NodeFrozenUntilItCountsAsDead_CatchesUpWhenItThaws()
    {
        var frozen = Cluster.Nodes[0];
        await using var member = await ChatClient.ConnectAsync(frozen.Address, "/chat/group/frozen/m?format=json");
        var joined = await member.NextFrameAsync("subscribed");
        await using var publisher = await Cluster.ConnectAsync(1, "/chat/group/frozen/p?format=json");

        frozen.Pause();
        var sent = 0;
        using (var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(10)))
        {
            while ((await Cluster.Nodes[1].ListAsync()).Any(node => node.Id == frozen.Id) && await ticks.WaitForNextTickAsync())
            {
                await publisher.SendJsonAsync(new { Msg = "x", MsgId = $"{sent++}" });
                await publisher.NextFrameAsync("ack");
            }
        }

        frozen.Signal(ChildProcess.SigCont);
        await frozen.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);

        await publisher.SendJsonAsync(new { Msg = "x", MsgId = $"{sent++}" });
        for (var i = 0; i < sent; i++)
        {
            var message = await member.NextFrameAsync();
            Assert.Equal(("message", $"{i}", joined.Offset + 1 + i), (message.Type, message.Id, message.Offset));
        }

        await Eventually.TrueAsync(async () => (await Cluster.Nodes[1].ListAsync()).Any(node => node.Id == frozen.Id));
    }

    // Messages that its client sent before stay in its socket. The client gives up and sends them again through another node.
    [Fact]
    public async Task NodeFrozenUntilItCountsAsDead_PublishesNothingTwice_AndNothingOutOfOrder()
    {
        const string Writer = "/chat/group/thawed/writer?format=json";
        var frozen = Cluster.Nodes[0];
        await using var there = await Cluster.ConnectAsync(0, Writer);
        await using var elsewhere = await Cluster.ConnectAsync(1, Writer);
        await using var reader = await Cluster.ConnectAsync(2, "/chat/group/thawed/reader?format=json");
        await using var readerThere = await Cluster.ConnectAsync(0, "/chat/group/thawed/other?format=json");
        foreach (var client in new[] { there, elsewhere, reader, readerThere })
        {
            await client.NextFrameAsync("subscribed");
        }

        frozen.Pause();
        await there.SendJsonAsync(new { Msg = "x", MsgId = "once" });
        await elsewhere.SendJsonAsync(new { Msg = "x", MsgId = "once" });
        var ack = await elsewhere.NextFrameAsync("ack");
        await Eventually.TrueAsync(async () => (await Cluster.Nodes[1].ListAsync()).All(node => node.Id != frozen.Id));
        await elsewhere.SendJsonAsync(new { Msg = "x", MsgId = "later" });
        await elsewhere.NextFrameAsync("ack");
        frozen.Signal(ChildProcess.SigCont);
        await frozen.UntilHealthAsync(isHealthy: true, ChatClient.Deadline);

        var late = await there.NextFrameAsync("ack");
        Assert.Equal((ack.Id, ack.Position), (late.Id, late.Position));
        await elsewhere.SendJsonAsync(new { Msg = "x", MsgId = "last" });
        foreach (var client in new[] { reader, readerThere })
        {
            foreach (var expected in (string[])["once", "later", "last"])
            {
                Assert.Equal(expected, (await client.NextFrameAsync("message")).Id);
            }
        }

        await Eventually.TrueAsync(async () => (await Cluster.Nodes[1].ListAsync()).Any(node => node.Id == frozen.Id));
    }

    [Fact]
    public async Task NodeStopping_RefusesNewClients_WhileItClosesTheOthers()
    {
        var stopping = Cluster.Take(2);
        var clients = await Task.WhenAll(Enumerable.Range(0, 15).Select(i => ChatClient.ConnectAsync(stopping.Address, $"/chat/user/leaver-{i}")));

        var stopped = stopping.StopAsync(within: TimeSpan.FromSeconds(25));
        await Task.WhenAny(clients.Select(client => client.Ended)).WaitAsync(ChatClient.Deadline);
        try
        {
            await using var late = await ChatClient.ConnectAsync(stopping.Address, "/chat/user/late");
            Assert.Equal(1012, (await late.ClosedAsync()).Code);
        }
        catch (RefusedException refused)
        {
            Assert.Equal(503, refused.Status);
        }
        catch (System.Net.WebSockets.WebSocketException)
        {
            // The node does not listen any more.
        }

        Assert.All(await Task.WhenAll(clients.Select(client => client.ClosedAsync())), closing => Assert.Equal(1012, closing.Code));
        await stopped;
        await stopping.DisposeAsync();
        await Cluster.AddAsync();
    }
}
