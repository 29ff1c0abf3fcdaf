using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Cluster;

/// <summary>The API for backends on a cluster as a developer starts it: through the one public port, with the key that the AppHost prints.</summary>
public sealed class ServerApiTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterTest(cluster, output)
{
    [Fact]
    public async Task Publish_WithTheKeyOfTheReadyLine_ReachesMembersOfEveryNode()
    {
        await using var here = await Cluster.ConnectAsync("/chat/group/api/anna");
        await using var there = await Cluster.ConnectElsewhereAsync("/chat/group/api/ben", here.Node);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/publish") { Content = JsonContent.Create(new { topic = "group:api", msg = "hello" }) };
        request.Headers.Add("X-Api-Key", Cluster.ApiKey);

        using var answer = await Cluster.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(1, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("offset").GetInt64());
        Assert.Equal("group 【api】 user 【development】 send:hello", await here.NextAsync());
        Assert.Equal("group 【api】 user 【development】 send:hello", await there.NextAsync());
    }

    [Fact]
    public async Task Api_WithoutAKey_IsRefused_InDevelopmentAsWell()
    {
        using var answer = await Cluster.Http.GetAsync("api/v1/nodes");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }
}
