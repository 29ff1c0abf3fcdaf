using System.Net;
using Chat.Sockets.Clients;
using Chat.Tests.Support;
using Edge.Proxy.Stopping;
using Xunit;
using static Chat.Tests.Edge.RawHttp2;

namespace Chat.Tests.Edge;

/// <summary>What a client may do over HTTP/2, where a hundred requests share a connection, and how that affects others.</summary>
public sealed class Http2Tests : IAsyncLifetime
{
    private FakeNode? _node;

    public async Task InitializeAsync() => _node = await FakeNode.StartAsync("node");

    public Task DisposeAsync() => _node!.DisposeAsync().AsTask();

    /// <summary>Thousands of these clients once used up the open files of an edge, which ended its process.</summary>
    [LinuxFact]
    public async Task Client_ThatTakesNothingOfAPage_KeepsNoFileOpen()
    {
        var folder = Directory.CreateTempSubdirectory("edge-pages");
        try
        {
            var page = Path.Combine(folder.FullName, "page.html");
            await File.WriteAllTextAsync(page, new string('x', 10_000));
            await using var edge = await EdgeHost.StartWithHttp2Async([], _node!, pages: folder.FullName);
            await using var client = await ConnectAsync(edge.Address, window: 0);

            await client.GetAsync("/page.html");
            await client.NextAsync(FrameType.Headers);

            Assert.False(IsOpen(page));
            using var whole = await edge.Http.SendAsync(Get("/page.html"));
            Assert.Equal(new string('x', 10_000), await whole.Content.ReadAsStringAsync());
            using var part = Get("/page.html");
            part.Headers.Range = new(9_990, 9_994);
            using var answer = await edge.Http.SendAsync(part);
            Assert.Equal("xxxxx", await answer.Content.ReadAsStringAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Such a client once kept sending requests to the stopping edge, although a new connection would have brought it to another one.</summary>
    [Fact]
    public async Task Edge_ThatStops_HasItsClientsConnectAnew()
    {
        await using var edge = await EdgeHost.StartWithHttp2Async([], _node!);
        await using var client = await ConnectAsync(edge.Address, window: 1000);
        await client.GetAsync("/api/nodes");
        await client.NextAsync(FrameType.Headers);
        await edge.Get<EdgeDrain>().RunAsync();

        await client.GetAsync("/api/nodes");

        await client.NextAsync(FrameType.GoAway);
    }

    /// <summary>The server drops the HTTP/1.1 header that ends a connection, and once logged that each time. Clients that were turned away because
    /// there were too many filled the log with it.</summary>
    [Fact]
    public async Task Client_ThatIsTooMany_IsNothingToWarnOf()
    {
        var log = new ResourceLog();
        await using var edge = await EdgeHost.StartWithHttp2Async([("Edge:ConnectionsPerSecond", "1")], _node!, log: log.AsProvider());
        HttpStatusCode status;
        do
        {
            using var request = Get("/signalr/chat/negotiate");
            request.Method = HttpMethod.Post;
            using var answer = await edge.Http.SendAsync(request);
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        var lines = log.Take();
        Assert.Contains("More clients are connecting", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("headers have been removed", lines, StringComparison.Ordinal);
    }

    /// <summary>The server ends the connection of who asks for more at once than it can have waiting, and then waited for answers that it had lost sight of. Each
    /// such connection had a place of the edge for good, and a quarter of a megabyte; with no more of them than there are places nobody else got in any more.</summary>
    [LinuxFact]
    public async Task Client_ThatAsksForMoreThanItMayAndTakesNothing_HasNoPlaceAnyMore()
    {
        await using var edge = await EdgeHost.StartWithHttp2Async([], _node!);
        await using var client = await ConnectAsync(edge.Address, window: 1000);

        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await client.GetAsync("/nothing", times: 500);
            }
        });

        await Eventually.TrueAsync(() => edge.Get<ClientConnections>().Open == 0);
    }

    private static HttpRequestMessage Get(string path) =>
        new(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static bool IsOpen(string file) => Directory.GetFiles("/proc/self/fd").Any(open =>
    {
        try
        {
            return File.ResolveLinkTarget(open, returnFinalTarget: false)?.FullName == file;
        }
        catch (IOException)
        {
            return false; // the connection was closed meanwhile
        }
    });
}
