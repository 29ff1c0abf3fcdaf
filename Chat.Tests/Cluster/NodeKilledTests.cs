using System.Diagnostics;
using System.Net;
using Aspire.Hosting.ApplicationModel;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>A node dies behind the edge. All tests share the cluster, so the node is started again.</summary>
public sealed class NodeKilledTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(25); // the lease takes 10 s, and it is checked every 2 s

    [Fact]
    public async Task NodeKilled_TheOthersServe_AndTheEdgeSendsNobodyToTheDead()
    {
        await using var ada = await Cluster.ConnectAsync("/chat/user/ada");
        await using var bob = await Cluster.ConnectElsewhereAsync("/chat/user/bob", ada.Node);
        var third = (await Cluster.NodesAsync()).Single(node => node.Id != ada.Node && node.Id != bob.Node);
        await using var cid = await ConnectToAsync(third.Id);

        using (var process = Process.GetProcessById(third.Pid!.Value))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        // From the first moment on, no client gets to the dead node, not even the first one.
        for (var i = 0; i < 12; i++)
        {
            await using var client = await Cluster.ConnectAsync($"/chat/user/after-{i}");
            Assert.NotEqual(third.Id, client.Node);
            using var answer = await Cluster.Http.GetAsync("api/nodes");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.NotEqual(1000, (await cid.ClosedAsync()).Code);
        await ada.SendAsync("""{"Id":"bob","Msg":"still here?"}""");
        Assert.Equal("user ada send:still here?", await bob.NextAsync());
        await bob.SendAsync("""{"Id":"ada","Msg":"yes"}""");
        Assert.Equal("user bob send:yes", await ada.NextAsync());

        var left = await Cluster.UntilNodesAsync(nodes => nodes.All(node => node.Id != third.Id), Within);
        Assert.Equal(2, left.Length);

        var ended = await Cluster.Application.ResourceNotifications.WaitForResourceAsync(
            "chat-api", node => KnownResourceStates.TerminalStates.Contains(node.Snapshot.State?.Text));
        Assert.True((await Cluster.Application.ResourceCommands.ExecuteCommandAsync(ended.ResourceId, "resource-start")).Success);
        await Cluster.UntilReadyAsync(nodes => nodes.All(node => node.State == "ready"));
    }

    private async Task<ChatClient> ConnectToAsync(string node)
    {
        for (var i = 0; ; i++)
        {
            var client = await Cluster.ConnectAsync($"/chat/user/c{i}");
            if (client.Node == node || i > 20)
            {
                return client;
            }
        }
    }
}
