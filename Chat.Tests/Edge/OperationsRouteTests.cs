using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>Requests of the operations page go to the nodes, which know who is allowed to make them. The page itself is served by the edge.</summary>
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

    // A page of another origin may use the API with a key that it has. It may not make use of a developer's access.
    [Fact]
    public async Task Edge_TellsNoOtherOrigin_ThatItMayLook()
    {
        await using var node = await FakeNode.StartAsync("a");
        await using var edge = await EdgeHost.StartAsync([("Edge:AllowedOrigins", "https://app.example.com")], node);

        Assert.DoesNotContain("Access-Control", await RawHttp.SendAsync(edge.Address, "/ops/report", ["Origin: https://app.example.com"]), StringComparison.OrdinalIgnoreCase);
    }
}
