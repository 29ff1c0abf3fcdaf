using System.Net;
using Chat.Tests.Auth;
using Chat.Tests.ServerApi;
using Chat.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.Operations;

/// <summary>Who may look at the cluster and drain its nodes: in Development everybody who asks the node itself, elsewhere only services.</summary>
public sealed class StrangerTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("X-Api-Key: wrong", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization: Bearer nonsense", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization: Bearer {token}", HttpStatusCode.Forbidden)]
    public async Task Stranger_IsRefused_WhereTheClusterIsDeployed(string? header, HttpStatusCode expected)
    {
        header = header?.Replace("{token}", TestToken.For("anna"), StringComparison.Ordinal);

        Assert.Equal(expected, await SendAsync(Nodes.Deployed, HttpMethod.Get, "ops/report", header));
        Assert.Equal(expected, await SendAsync(Nodes.Deployed, HttpMethod.Post, "ops/drain?node=" + Nodes.Developed.Id, header));
    }

    [Fact]
    public async Task Service_IsLetIn()
    {
        const string key = "X-Api-Key: " + ApiNodes.Key;

        Assert.Equal(HttpStatusCode.OK, await SendAsync(Nodes.Deployed, HttpMethod.Get, "ops/report", key));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(Nodes.Deployed, HttpMethod.Post, "ops/drain?node=nobody", key));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(Nodes.Deployed, HttpMethod.Post, "ops/drain", key));
    }

    // Any page on the internet can make a developer's browser send requests to localhost.
    [Theory]
    [InlineData("Origin: https://evil.example")]
    [InlineData("Origin: null")]
    [InlineData("Origin: http://localhost:3000")] // on the same machine, but another application
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-site")]
    public async Task PageFromElsewhere_DrainsNothing_InDevelopmentEither(string header)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(Nodes.Developed, HttpMethod.Post, "ops/drain?node=" + Nodes.Deployed.Id, header));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(Nodes.Developed, HttpMethod.Get, "ops/report", header));
        Assert.All(await Nodes.Developed.ListAsync(), node => Assert.Equal("ready", node.State));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site: same-origin")]
    [InlineData("Origin: {node}")]
    public async Task Page_OfTheSameOrigin_IsLetIn_InDevelopment(string header)
    {
        header = header.Replace("{node}", Nodes.Developed.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(Nodes.Developed, HttpMethod.Post, "ops/drain?node=nobody", header));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(Nodes.Developed, HttpMethod.Get, "ops/report", header));
    }

    private static async Task<HttpStatusCode> SendAsync(NodeProcess node, HttpMethod method, string path, string? header)
    {
        using var request = new HttpRequestMessage(method, path);
        if (header?.Split(": ") is [var name, var value])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await node.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
