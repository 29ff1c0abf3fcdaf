using System.Text.Json.Nodes;
using Chat.Api.Auth;
using Chat.Tests.Auth;
using Microsoft.AspNetCore.Authorization;
using Xunit;
using Xunit.Abstractions;

namespace Chat.Tests.ServerApi;

/// <summary>Strangers get nothing from the API, in any environment.</summary>
public sealed class StrangerTests(ApiNodes nodes, ITestOutputHelper output) : ApiTest(nodes, output)
{
    public static TheoryData<string, string> Calls => ApiEndpoints.Calls();

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Call_OfAStranger_IsRefused_InDevelopmentToo(string method, string path)
    {
        foreach (var node in new[] { Nodes.Deployed, Nodes.Developed })
        {
            foreach (var (header, status, code) in Strangers())
            {
                var stranger = new ApiClient(node, header);
                (await stranger.SendAsync(new HttpMethod(method), path, new StringContent("no JSON"))).IsProblem(status, code);
            }
        }
    }

    [Theory]
    [InlineData("GET", "nothing")]
    [InlineData("PUT", "publish")]
    [InlineData("POST", "nodes/x")]
    public async Task WhatIsNotThere_IsNoConcernOfAStranger(string method, string path)
    {
        (await new ApiClient(Nodes.Developed, header: null).SendAsync(new HttpMethod(method), path)).IsProblem(401, "unauthorized");
        var answer = await Api.SendAsync(new HttpMethod(method), path);
        Assert.InRange((int)answer.Status, 404, 405);
        Assert.Equal("application/problem+json", answer.Type);
    }

    [Fact]
    public void Endpoints_AllDemandTheSamePolicy()
    {
        Assert.NotEmpty(ApiEndpoints.All);
        Assert.All(ApiEndpoints.All, endpoint =>
        {
            Assert.Contains(endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>(), demand => demand.Policy == ServiceAccess.Policy);
            Assert.Null(endpoint.Metadata.GetMetadata<IAllowAnonymous>());
        });
    }

    [Theory]
    [InlineData("X-Api-Key: " + ApiNodes.Key)]
    [InlineData("x-api-key: " + ApiNodes.OtherKey)] // while one key is replaced by the other, both open
    [InlineData("Authorization: Bearer {\"name\":\"shop\",\"role\":\"service\"}")]
    [InlineData("Authorization: Bearer {\"name\":\"shop\",\"roles\":[\"admin\",\"service\"]}")]
    public async Task Service_WithAKeyOrARole_IsLetIn_AndToTheNodesAsWell(string header)
    {
        var service = new ApiClient(Nodes.Deployed, WithToken(header));

        (await service.PostAsync("publish", new { topic = "all", msg = "hello" })).Read<PublishedAnswer>();
        Assert.StartsWith("[", (await service.GetAsync("../nodes")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_InProduction_AreRefusedToAWrongKey() =>
        (await new ApiClient(Nodes.Deployed, "X-Api-Key: wrong").GetAsync("../nodes")).IsProblem(401, "unauthorized");

    // This goes for the right key and for a wrong one. Nothing says what is wrong with a wrong key.
    [Fact]
    public async Task Keys_AreInNoLogAndNoAnswer()
    {
        var wrong = "X-Api-Key: " + ApiNodes.Key[..^1];
        var refused = await new ApiClient(Nodes.Deployed, wrong).GetAsync("nodes");
        var other = await new ApiClient(Nodes.Deployed, "X-Api-Key: x").GetAsync("nodes");

        Assert.Equal(other.Text, refused.Text);
        Assert.DoesNotContain(ApiNodes.Key[..^1], Nodes.Deployed.Output + Nodes.Developed.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<(string? Header, int Status, string Code)> Strangers() =>
    [
        (null, 401, "unauthorized"),
        ("X-Api-Key: ", 401, "unauthorized"),
        ("X-Api-Key: wrong", 401, "unauthorized"),
        ("X-Api-Key: " + ApiNodes.Key + "x", 401, "unauthorized"),
        ("X-Api-Key: " + ApiNodes.Key.ToUpperInvariant(), 401, "unauthorized"),
        ("X-Api-Key: " + new string('k', 5000), 401, "unauthorized"),
        ("Authorization: Bearer " + ApiNodes.Key, 401, "unauthorized"),
        ("Authorization: Bearer " + TestToken.For("anna", TimeSpan.FromHours(-1)), 401, "unauthorized"),
        ("Authorization: Bearer " + TestToken.For("anna"), 403, "forbidden"),
        (WithToken("Authorization: Bearer {\"name\":\"anna\",\"role\":\"Service\"}"), 403, "forbidden"),
        (WithToken("Authorization: Bearer {\"name\":\"service\",\"role\":\"admin\"}"), 403, "forbidden"),
    ];

    // Signs the claims in it.
    private static string WithToken(string header)
    {
        if (header.IndexOf('{', StringComparison.Ordinal) is var at && at < 0)
        {
            return header;
        }

        var claims = (JsonObject)JsonNode.Parse(header[at..])!;
        claims["exp"] = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        return header[..at] + TestToken.Hmac(claims);
    }
}
