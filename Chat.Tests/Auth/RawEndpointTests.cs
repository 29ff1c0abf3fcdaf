using System.Net;
using System.Text.Json.Nodes;
using Chat.Tests.Support;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>Tokens on the raw endpoints, and the endpoint that creates them.</summary>
public sealed class RawEndpointTests(AuthNodes nodes) : IClassFixture<AuthNodes>
{
    [Fact]
    public async Task Upgrade_WithoutAToken_IsRefusedWhereOneIsNeeded()
    {
        using var answer = await UpgradeAsync(nodes.Deployed, "/chat/user/anna", token: null);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.StartsWith("A token is needed", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await using var client = await ChatClient.ConnectAsync(nodes.Developed.Address, "/chat/user/anna");
    }

    [Theory]
    [InlineData("/chat/user/anna")]
    [InlineData("/chat/group/1/anna")]
    [InlineData("/chat/all/anna")]
    [InlineData("/chat/channel/anna")]
    public async Task Upgrade_WithTheTokenOfTheUserInThePath_IsAccepted(string path)
    {
        await using var client = await ChatClient.ConnectAsync(nodes.Deployed.Address, path + "?format=json", TestToken.For("anna"));

        Assert.Equal("subscribed", (await client.NextFrameAsync()).Type);
    }

    [Theory]
    [InlineData("/chat/user/ben")]
    [InlineData("/chat/group/anna/ben")]
    [InlineData("/chat/all/ben")]
    [InlineData("/chat/channel/ben")]
    [InlineData("/chat/user/Anna")]
    public async Task Upgrade_WithTheTokenOfAnotherUser_IsForbidden_NeededOrNot(string path)
    {
        foreach (var node in new[] { nodes.Deployed, nodes.Developed })
        {
            using var answer = await UpgradeAsync(node, path, TestToken.For("anna"));

            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Equal("The token is for another user than the one in the path.\n", await answer.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("rubbish", "This is not a JSON Web Token.")]
    [InlineData("", "This is not a JSON Web Token.")]
    [InlineData("expired", "The token has expired.")]
    [InlineData("wrong key", "The signature of the token is not valid.")]
    [InlineData("too long", "The token is longer than Auth:TokenBytes allows.")]
    public async Task Upgrade_WithATokenThatIsNotValid_IsRefused_NeededOrNot(string what, string reason)
    {
        var token = what switch
        {
            "expired" => TestToken.For("anna", TimeSpan.FromSeconds(-1)),
            "wrong key" => TestToken.Hmac(TestToken.Claims("anna", DateTimeOffset.UtcNow.AddHours(1)), "another key, but long enough for HS256"),
            "too long" => new string('x', 9000),
            _ => what,
        };
        foreach (var node in new[] { nodes.Deployed, nodes.Developed })
        {
            using var answer = await UpgradeAsync(node, "/chat/user/anna", token);

            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal($"Bearer error=\"invalid_token\", error_description=\"{reason}\"", answer.Headers.WwwAuthenticate.ToString());
            Assert.Equal(reason + "\n", await answer.Content.ReadAsStringAsync());
            Assert.Equal(node.Id, answer.Headers.GetValues("X-Node").Single());
        }
    }

    [Fact]
    public async Task Token_InTheAddress_WorksAsInTheHeader()
    {
        await using var client = await ChatClient.ConnectAsync(nodes.Deployed.Address, "/chat/user/anna?access_token=" + TestToken.For("anna"));

        var refused = await Assert.ThrowsAsync<RefusedException>(() => ChatClient.ConnectAsync(nodes.Deployed.Address, "/chat/user/ben?access_token=" + TestToken.For("anna")));
        Assert.Equal(403, refused.Status);
    }

    [Fact]
    public async Task Connection_WhoseTokenEnds_IsClosedWith4401_NeededOrNot()
    {
        // A token's times are whole seconds, so these tokens end in five to six seconds. Clients connect within that time even on a busy machine.
        await using var deployed = await ChatClient.ConnectAsync(nodes.Deployed.Address, "/chat/user/anna", TestToken.For("anna", TimeSpan.FromSeconds(6)));
        await using var developed = await ChatClient.ConnectAsync(nodes.Developed.Address, "/chat/group/7/anna", TestToken.For("anna", TimeSpan.FromSeconds(6)));
        await using var other = await ChatClient.ConnectAsync(nodes.Deployed.Address, "/chat/user/ben", TestToken.For("ben"));

        Assert.Equal(new Closing(4401, "token expired"), await deployed.ClosedAsync());
        Assert.Equal(new Closing(4401, "token expired"), await developed.ClosedAsync());
        Assert.False(other.Ended.IsCompleted);
    }

    [Fact]
    public async Task TokenEndpoint_MakesTokens_ThatEveryNodeTakes()
    {
        using var answer = await nodes.Developed.Http.GetAsync("api/auth/token?nick=" + Uri.EscapeDataString("Łucja"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var token = await answer.Content.ReadAsStringAsync();
        await using var client = await ChatClient.ConnectAsync(nodes.Deployed.Address, "/chat/user/%C5%81ucja", token);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?nick=")]
    [InlineData("?nick=%20anna")]
    [InlineData("?nick=anna&nick=ben")]
    public async Task TokenEndpoint_WithoutAValidNick_SaysTheRule(string query)
    {
        using var answer = await nodes.Developed.Http.GetAsync("api/auth/token" + query);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("1 to 128 bytes", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenEndpoint_OutsideDevelopment_IsNotThere()
    {
        using var answer = await nodes.Deployed.Http.GetAsync("api/auth/token?nick=anna");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("""{"name":"anna"}""", HttpStatusCode.Forbidden)]
    [InlineData("""{"name":"anna","role":"admin"}""", HttpStatusCode.Forbidden)]
    [InlineData("""{"name":"backend","role":"service"}""", HttpStatusCode.OK)]
    [InlineData("""{"name":"backend","role":["admin","service"]}""", HttpStatusCode.OK)]
    [InlineData("""{"name":"backend","roles":["service"]}""", HttpStatusCode.OK)]
    public async Task Nodes_OutsideDevelopment_AreListedForServicesOnly(string? claims, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/nodes");
        if (claims is not null)
        {
            var all = (JsonObject)JsonNode.Parse(claims)!;
            all["exp"] = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
            request.Headers.Authorization = new("Bearer", TestToken.Hmac(all));
        }

        using var answer = await nodes.Deployed.Http.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, (await answer.Content.ReadAsStringAsync()).Contains(nodes.Deployed.Id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIsForAll_NeedsNoToken()
    {
        foreach (var path in new[] { "health", "alive" })
        {
            using var answer = await nodes.Deployed.Http.GetAsync(path);

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static async Task<HttpResponseMessage> UpgradeAsync(NodeProcess node, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        return await node.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
