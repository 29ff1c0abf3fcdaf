using System.Diagnostics;
using System.Net;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>A node dies behind the edge, on a cluster of its own, since nothing brings that node back.</summary>
public sealed class NodeKilledTests(ClusterFixture cluster, ITestOutputHelper output) : IClassFixture<ClusterFixture>, IDisposable
{
    public void Dispose() => output.WriteLine(cluster.TakeLog());

    [Fact]
    public async Task NodeKilled_TheOthersServe_AndTheEdgeSendsNobodyToTheDead()
    {
        await using var ada = await cluster.ConnectAsync("/chat/user/ada");
        await using var bob = await cluster.ConnectElsewhereAsync("/chat/user/bob", ada.Node);
        var third = (await cluster.NodesAsync()).Single(node => node.Id != ada.Node && node.Id != bob.Node);
        await using var cid = await ConnectToAsync(third.Id);

        using (var process = Process.GetProcessById(third.Pid!.Value))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        // From the first moment on: nobody meets the dead node, not even whoever comes first.
        for (var i = 0; i < 12; i++)
        {
            await using var client = await cluster.ConnectAsync($"/chat/user/after-{i}");
            Assert.NotEqual(third.Id, client.Node);
            using var answer = await cluster.Http.GetAsync("api/nodes");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.NotEqual(1000, (await cid.ClosedAsync()).Code);
        await ada.SendAsync("""{"Id":"bob","Msg":"still here?"}""");
        Assert.Equal("user ada send:still here?", await bob.NextAsync());
        await bob.SendAsync("""{"Id":"ada","Msg":"yes"}""");
        Assert.Equal("user bob send:yes", await ada.NextAsync());

        var left = await cluster.UntilNodesAsync(nodes => nodes.All(node => node.Id != third.Id), TimeSpan.FromSeconds(12));
        Assert.Equal(2, left.Length);
    }

    private async Task<ChatClient> ConnectToAsync(string node)
    {
        for (var i = 0; ; i++)
        {
            var client = await cluster.ConnectAsync($"/chat/user/c{i}");
            if (client.Node == node || i > 20)
            {
                return client;
            }
        }
    }
}
