using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Edge;

/// <summary>The edge exposes the API for backends only if it is configured to.</summary>
public sealed class ServerApiRouteTests
{
    [Theory]
    [InlineData("/api/v1/publish")]
    [InlineData("/API/V1/publish")]
    [InlineData("/api//v1/publish")]
    [InlineData("/api/nodes/../v1/publish")]
    [InlineData("/api/auth/%2e%2e/v1/publish")]
    [InlineData("/api/v1")]
    [InlineData("/api/v2/publish")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/scalar/")]
    public async Task Edge_ThatIsNotToldTo_DoesNotHaveIt(string path)
    {
        await using var node = await FakeNode.StartAsync("a");
        await using var edge = await EdgeHost.StartAsync(node);

        Assert.Equal(404, RawHttp.Status(await RawHttp.SendAsync(edge.Address, path)));
    }

    [Fact]
    public async Task Edge_ThatIsToldTo_PassesTheKeyOn()
    {
        await using var node = await FakeNode.StartAsync("a");
        await using var edge = await EdgeHost.StartAsync([("Edge:Api", "true")], node);

        var answer = await RawHttp.SendAsync(edge.Address, "/api/v1/headers", ["X-Api-Key: of-a-backend"]);

        Assert.Equal(200, RawHttp.Status(answer));
        Assert.Contains("of-a-backend", answer, StringComparison.Ordinal);
        Assert.Equal(404, RawHttp.Status(await RawHttp.SendAsync(edge.Address, "/openapi/v1.json")));
    }
}
