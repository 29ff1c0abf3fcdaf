using System.Text.Json.Nodes;
using Chat.Api.Auth;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>An issuer signs more than access tokens with its keys, but only access tokens let a client in.</summary>
public sealed class AccessTokenTests : IAsyncLifetime
{
    private TestIssuer _issuer = null!;
    private TokenFixture _node = null!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _node = NewNode();
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Theory]
    [InlineData(null, "{}")]
    [InlineData("JWT", """{"scp":"chat","ver":"2.0"}""")] // Entra ID
    [InlineData("at+jwt", """{"client_id":"app"}""")] // RFC 9068
    [InlineData("application/AT+JWT", "{}")]
    [InlineData("at+jwt", """{"nonce":"n"}""")] // the type that the issuer sets counts
    [InlineData("JWT", """{"typ":"Bearer","nonce":"n"}""")] // Keycloak before 25
    public async Task AccessToken_OfAnyIssuer_IsAccepted(string? type, string claims) =>
        Assert.Null(await _node.RefusedAsync(Token(type, claims)));

    [Theory]
    [InlineData("JWT", """{"nonce":"n"}""")]
    [InlineData("JWT", """{"at_hash":"h"}""")]
    [InlineData(null, """{"c_hash":"h"}""")]
    [InlineData("JWT", """{"s_hash":"h"}""")]
    [InlineData("JWT", """{"nonce":null}""")]
    [InlineData("JWT", """{"typ":"ID"}""")] // Keycloak
    [InlineData("JWT", """{"typ":"Refresh"}""")]
    [InlineData("JWT", """{"typ":["Bearer"]}""")]
    [InlineData("logout+jwt", "{}")]
    [InlineData("dpop+jwt", "{}")]
    [InlineData("id+jwt", "{}")]
    public async Task OtherToken_OfTheIssuer_IsRefused_ThoughItNamesTheAudience(string? type, string claims) =>
        Assert.Equal(TokenError.NoAccessToken, await _node.RefusedAsync(Token(type, claims)));

    [Fact]
    public async Task OwnToken_MayCarryWhatItLikes()
    {
        var claims = TestToken.Claims("anna", _node.Later);
        claims["aud"] = "chat";
        claims["nonce"] = "n";

        await _node.AcceptedAsync(TestToken.Hmac(claims));
    }

    private TokenFixture NewNode() => new(options => (options.Authority, options.Audience) = (_issuer.Authority, "chat"));

    private string Token(string? type, string more)
    {
        var claims = _issuer.Claims("anna", _node.Later);
        foreach (var (name, value) in (JsonObject)JsonNode.Parse(more)!)
        {
            claims[name] = value?.DeepClone();
        }

        return _issuer.Token(claims, type: type);
    }
}
