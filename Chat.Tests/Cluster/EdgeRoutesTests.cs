using System.Net;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>The answers of the one public port.</summary>
public sealed class EdgeRoutesTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [Fact]
    public async Task Nodes_AreListed_WithEverythingAnOperatorNeeds()
    {
        var nodes = await Cluster.NodesAsync();

        Assert.Equal(3, nodes.Length);
        Assert.Equal(3, nodes.Select(node => node.Id).Distinct().Count());
        Assert.All(nodes, node =>
        {
            Assert.Matches("^[a-z0-9]{8}$", node.Id);
            Assert.Equal("ready", node.State);
            Assert.True(Uri.IsWellFormedUriString(node.Address, UriKind.Absolute));
            Assert.InRange(node.StartedAt, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddMinutes(1));
            Assert.NotNull(node.Pid); // tests run in Development
        });
    }

    [Fact]
    public async Task Edge_SpreadsConnections_OverAllNodes()
    {
        var clients = new List<ChatClient>();
        for (var i = 0; i < 9; i++)
        {
            clients.Add(await Cluster.ConnectAsync($"/chat/user/spread-{i}"));
        }

        Assert.Equal((await Cluster.NodesAsync()).Select(node => node.Id).Order(), clients.Select(client => client.Node).Distinct().Order());
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task EveryAnswer_NamesItsNode()
    {
        using var answer = await Cluster.Http.GetAsync("chat/user/1");

        Assert.Contains(answer.Headers.GetValues("X-Node").Single(), (await Cluster.NodesAsync()).Select(node => node.Id));
    }

    [Theory]
    [InlineData("nothing/here", HttpStatusCode.NotFound)]
    [InlineData("chat/user", HttpStatusCode.NotFound)]
    [InlineData("chat/user/1", HttpStatusCode.BadRequest)]
    [InlineData("chat/group/1/2", HttpStatusCode.BadRequest)]
    [InlineData("chat/all/1", HttpStatusCode.BadRequest)]
    [InlineData("chat/channel/1", HttpStatusCode.BadRequest)]
    public async Task Request_WithoutUpgrade_IsRefused(string path, HttpStatusCode status)
    {
        using var answer = await Cluster.Http.GetAsync(path);

        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("/chat/user/%20space")]
    [InlineData("/chat/user/new%0Aline")]
    [InlineData("/chat/user/%E2%80%8B")] // an invisible space
    [InlineData("/chat/group/ok/space%20")]
    [InlineData("/chat/group/%20space/ok")]
    [InlineData("/chat/user/ok?format=xml")]
    [InlineData("/chat/user/ok?format=json&since=nonsense")]
    [InlineData("/chat/user/ok?since=abc:1")]
    public async Task Upgrade_WithABadIdOrQuery_IsRefused(string path)
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync(path));

        Assert.Equal(400, refused.Status);
    }

    [Fact]
    public async Task Ids_MayBeInAnyScript()
    {
        await using var ada = await Cluster.ConnectAsync("/chat/user/%D0%90%D0%B4%D0%B0"); // Ада
        await using var li = await Cluster.ConnectElsewhereAsync("/chat/user/%E6%9D%8E", ada.Node); // 李

        await ada.SendAsync("""{"Id":"李","Msg":"你好"}""");

        Assert.Equal("user Ада send:你好", await li.NextAsync());
    }

    [Fact]
    public async Task Ids_OfTheLongestLength_AreTaken()
    {
        var longest = new string('x', 128);
        await using var client = await Cluster.ConnectAsync($"/chat/user/{longest}");
        await client.SendAsync($$"""{"Id":"{{longest}}y","Msg":"too long"}""");
        Assert.StartsWith("error: ", await client.NextAsync(), StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => Cluster.ConnectAsync($"/chat/user/{longest}y"));
        Assert.Equal(400, refused.Status);
    }
}
