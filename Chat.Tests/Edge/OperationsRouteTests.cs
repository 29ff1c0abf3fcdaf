using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>What the operations page asks for goes to the nodes, who know who may; the page itself is the edge's.</summary>
public sealed class OperationsRouteTests
{
    [Fact]
    public async Task Edge_PassesOnWhatThePageAsksFor_AndNothingElseBeside()
    {
        await using var node = await FakeNode.StartAsync("a");
        await using var edge = await EdgeHost.StartAsync(node);

        Assert.Contains("X-Node: a", await RawHttp.SendAsync(edge.Address, "/ops/report"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("X-Node: a", await RawHttp.SendAsync(edge.Address, "/ops/drain?node=b"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Node", await RawHttp.SendAsync(edge.Address, "/ops/other"), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/ops/report")]
    [InlineData("/ops/drain?node=b")]
    public async Task Edge_ThatIsToldNotTo_DoesNotHaveIt(string path)
    {
        await using var node = await FakeNode.StartAsync("a");
        await using var edge = await EdgeHost.StartAsync([("Edge:Operations", "false")], node);

        Assert.Equal(404, RawHttp.Status(await RawHttp.SendAsync(edge.Address, path)));
    }

    // A page from elsewhere is allowed to use the API, with a key that it has. It is not allowed to look with the eyes of a developer.
    [Fact]
    public async Task Edge_TellsNoOtherOrigin_ThatItMayLook()
    {
        await using var node = await FakeNode.StartAsync("a");
        await using var edge = await EdgeHost.StartAsync([("Edge:AllowedOrigins", "https://app.example.com")], node);

        Assert.DoesNotContain("Access-Control", await RawHttp.SendAsync(edge.Address, "/ops/report", ["Origin: https://app.example.com"]), StringComparison.OrdinalIgnoreCase);
    }
}
