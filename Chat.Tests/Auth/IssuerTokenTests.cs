using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Chat.Api.Auth;
using Chat.Tests.Support;
using Microsoft.Extensions.Options;
using Xunit;

namespace Chat.Tests.Auth;

/// <summary>Tokens of an OpenID Connect issuer, whose keys have to be fetched, change, or cannot be reached.</summary>
public sealed class IssuerTokenTests : IAsyncLifetime
{
    private const int OthersKey = 100; // the issuer never changes its own key so often

    private readonly RecordingLogger<IssuerConfiguration> _log = new();
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

    [Fact]
    public async Task Token_OfTheIssuer_IsAccepted()
    {
        var user = await _node.AcceptedAsync(_issuer.Token(_issuer.Claims("anna", _node.Later)));

        Assert.Equal(("anna", _node.Later), (ChatUser.IdOf(user), ChatUser.ExpiresAt(user)));
    }

    [Theory]
    [InlineData("PS256")]
    [InlineData("RS512")]
    public async Task Token_SignedInAnotherOfItsWays_IsAccepted(string algorithm)
    {
        var (hash, padding) = algorithm == "PS256" ? (HashAlgorithmName.SHA256, RSASignaturePadding.Pss) : (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1);

        await _node.AcceptedAsync(TestToken.Sign(
            TestIssuer.Header(algorithm, _issuer.KeyId), _issuer.Claims("anna", _node.Later), bytes => _issuer.Key.SignData(bytes, hash, padding)));
    }

    [Fact]
    public async Task Token_SignedWithAnEllipticCurve_IsAccepted()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        _issuer.Publish(new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = "curve", ["x"] = TestToken.Encode(point.X!), ["y"] = TestToken.Encode(point.Y!) });

        await _node.AcceptedAsync(TestToken.Sign(
            TestIssuer.Header("ES256", "curve"), _issuer.Claims("anna", _node.Later), bytes => key.SignData(bytes, HashAlgorithmName.SHA256)));
    }

    [Fact]
    public async Task Keys_AreFetchedOnce_ForAllWhoNeedThem()
    {
        var token = _issuer.Token(_issuer.Claims("anna", _node.Later));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _node.AcceptedAsync(token))));

        Assert.Equal(1, _issuer.Fetches);
    }

    [Fact]
    public async Task Keys_AreNotFetched_UntilATokenNeedsThem()
    {
        await _node.AcceptedAsync(_node.Mint.Create("anna"));

        Assert.Equal(0, _issuer.Fetches);
    }

    [Fact]
    public async Task Token_ForAnotherService_IsRefused() =>
        Assert.Equal(TokenError.Audience, await _node.RefusedAsync(_issuer.Token(With("aud", "other"))));

    [Fact]
    public async Task Token_OfAnotherIssuer_IsRefused() =>
        Assert.Equal(TokenError.Issuer, await _node.RefusedAsync(_issuer.Token(With("iss", _issuer.Authority))));

    [Fact]
    public async Task Token_ThatHasEnded_IsRefused() =>
        Assert.Equal(TokenError.Expired, await _node.RefusedAsync(_issuer.Token(_issuer.Claims("anna", _node.Time.GetUtcNow().AddMinutes(-1)))));

    [Fact]
    public async Task Token_OfSomebodyElseUnderAKnownKeyId_IsRefused()
    {
        using var other = TestKeys.Get(OthersKey);
        var token = TestToken.Sign(
            TestIssuer.Header("RS256", _issuer.KeyId), _issuer.Claims("anna", _node.Later), bytes => other.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

        Assert.Equal(TokenError.Signature, await _node.RefusedAsync(token));
    }

    /// <summary>The classic algorithm confusion: everybody can read the public key and use its text as the secret of an HMAC.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_WhoseHmacKeyIsThePublicKey_IsRefused(bool hasOwnKey)
    {
        await using var node = new TokenFixture(
            options =>
            {
                Settings(options);
                options.SecurityKey = hasOwnKey ? TestToken.Key : null;
            },
            environment: hasOwnKey ? "Development" : "Staging");
        await node.RefusedAsync(_issuer.Token(_issuer.Claims("anna", node.Later))); // makes the node fetch the issuer's keys
        byte[][] readable =
        [
            Encoding.UTF8.GetBytes(_issuer.Key.ExportSubjectPublicKeyInfoPem()), _issuer.Key.ExportSubjectPublicKeyInfo(),
            Encoding.UTF8.GetBytes(_issuer.Key.ExportRSAPublicKeyPem()), _issuer.Key.ExportParameters(false).Modulus!,
        ];

        foreach (var key in readable)
        {
            var token = TestToken.Sign(TestIssuer.Header("HS256", _issuer.KeyId), _issuer.Claims("anna", node.Later), bytes => HMACSHA256.HashData(key, bytes));

            Assert.Equal(hasOwnKey ? TokenError.Signature : TokenError.Algorithm, await node.RefusedAsync(token));
        }
    }

    [Fact]
    public async Task Keys_ThatAreSymmetric_AreNotUsed()
    {
        // A secret that an issuer publishes is no secret.
        var secret = RandomNumberGenerator.GetBytes(64);
        _issuer.Publish(new JsonObject { ["kty"] = "oct", ["kid"] = "secret", ["k"] = TestToken.Encode(secret) });

        Assert.Equal(TokenError.Signature, await _node.RefusedAsync(TestToken.Sign(
            TestIssuer.Header("HS256", "secret"), _issuer.Claims("anna", _node.Later), bytes => HMACSHA256.HashData(secret, bytes))));
        await _node.AcceptedAsync(_issuer.Token(_issuer.Claims("anna", _node.Later)));
    }

    [Fact]
    public async Task Token_OfAnIssuerThatIsNotTheNodes_IsRefused()
    {
        await using var other = await TestIssuer.StartAsync(OthersKey);
        var token = other.Token(_issuer.Claims("anna", _node.Later)); // its key has the same id

        Assert.Equal(TokenError.Signature, await _node.RefusedAsync(token));
    }

    [Fact]
    public async Task User_IsTheSubject_UnlessASettingSaysOtherwise()
    {
        var claims = _issuer.Claims("anna", _node.Later);
        claims["name"] = "chosen.by.herself";
        Assert.Equal("anna", ChatUser.IdOf(await _node.AcceptedAsync(_issuer.Token(claims))));
        Assert.Equal("ben", ChatUser.IdOf(await _node.AcceptedAsync(_node.Mint.Create("ben")))); // for a node's own tokens the name counts, as always

        await using var node = new TokenFixture(options =>
        {
            Settings(options);
            options.UserClaim = "oid";
        });
        Assert.Equal(TokenError.NoUser, await node.RefusedAsync(_issuer.Token(claims)));
        claims["oid"] = "carl";
        Assert.Equal("carl", ChatUser.IdOf(await node.AcceptedAsync(_issuer.Token(claims))));
    }

    [Fact]
    public async Task HmacToken_WhereOnlyTheIssuersAreTaken_IsRefused()
    {
        await using var node = new TokenFixture(
            options =>
            {
                Settings(options);
                options.SecurityKey = null;
            },
            environment: "Staging");

        Assert.Equal(TokenError.Algorithm, await node.RefusedAsync(TestToken.Hmac(_issuer.Claims("anna", node.Later))));
        Assert.Equal(TokenError.Algorithm, await node.RefusedAsync(TestToken.Hmac(_issuer.Claims("anna", node.Later), key: new string('\0', 32))));
    }

    /// <summary>The library fetches the new key in the background. Meanwhile it answers with the keys it has.</summary>
    [Theory]
    [InlineData("key-2")]
    [InlineData(null)] // an issuer that does not name its keys
    public async Task Issuer_ChangingItsKey_IsFollowedAfterTheFirstTokenWithTheNewOne(string? keyId)
    {
        if (keyId is null)
        {
            _issuer.Rotate(null);
        }

        var before = _issuer.Token(_issuer.Claims("anna", _node.Later));
        await _node.AcceptedAsync(before);
        _issuer.Rotate(keyId);

        var after = _issuer.Token(_issuer.Claims("anna", _node.Later));
        await Eventually.TrueAsync(async () => await _node.RefusedAsync(after) is null);

        Assert.Equal(2, _issuer.Fetches);
        Assert.Equal(TokenError.UnknownKey, await _node.RefusedAsync(before));
    }

    [Fact]
    public async Task Tokens_WithKeysNobodyKnows_MakeTheNodeAskOnceAndNotAgain()
    {
        await _node.AcceptedAsync(_issuer.Token(_issuer.Claims("anna", _node.Later)));
        var fetched = _log.NextAsync("Fetched");
        using var other = TestKeys.Get(OthersKey);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(TokenError.UnknownKey, await _node.RefusedAsync(TestToken.Sign(
                TestIssuer.Header("RS256", $"made-up-{i}"), _issuer.Claims("anna", _node.Later), bytes => other.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))));
        }

        await fetched.WaitAsync(ChatClient.Deadline);
        Assert.Equal(2, _issuer.Fetches);
    }

    [Fact]
    public async Task Issuer_ThatIsAway_CostsOnlyItsOwnTokens_AndIsAskedAgain()
    {
        _issuer.IsAway = true;
        var token = _issuer.Token(_issuer.Claims("anna", _node.Later));

        Assert.Equal(TokenError.IssuerAway, await _node.RefusedAsync(token));
        await _node.AcceptedAsync(_node.Mint.Create("anna"));
        Assert.Equal(TokenError.IssuerAway, await _node.RefusedAsync(token));
        Assert.Equal(1, _issuer.Fetches);

        _issuer.IsAway = false;
        _node.Time.Advance(TimeSpan.FromSeconds(5));
        await _node.AcceptedAsync(token);
    }

    [Fact]
    public async Task Issuer_ThatIsAway_IsLoggedOnce_WithTheReasonAndWithoutTheToken()
    {
        _issuer.IsAway = true;
        var token = _issuer.Token(_issuer.Claims("anna", _node.Later));
        for (var i = 0; i < 3; i++)
        {
            await _node.RefusedAsync(token);
            _node.Time.Advance(TimeSpan.FromSeconds(5));
        }

        var warning = Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains(_issuer.Authority, warning, StringComparison.Ordinal);
        Assert.Contains("503", warning, StringComparison.Ordinal);
        Assert.All(_log.Lines, line => Assert.DoesNotContain(token, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Issuer_GoneAfterItsKeysWereFetched_DoesNotMatter()
    {
        await _node.AcceptedAsync(_issuer.Token(_issuer.Claims("anna", _node.Later)));
        _issuer.IsAway = true;
        var failed = _log.NextAsync("cannot be fetched");
        _issuer.Rotate("new");

        Assert.Equal(TokenError.UnknownKey, await _node.RefusedAsync(_issuer.Token(_issuer.Claims("anna", _node.Later))));
        await failed.WaitAsync(ChatClient.Deadline);

        await _node.AcceptedAsync(_issuer.Token(_issuer.Claims("anna", _node.Later), "key-1", _issuer.KeyBefore));
    }

    [Fact]
    public void Settings_AreTheLibrarys()
    {
        using var issuer = new IssuerConfiguration(
            Options.Create(new AuthOptions { Authority = "https://id.example/", KeyAge = TimeSpan.FromHours(3), RefreshInterval = TimeSpan.FromSeconds(7) }),
            new TestEnvironment("Production"), TimeProvider.System, _log);

        var source = issuer.Source!;
        Assert.Equal(("https://id.example/.well-known/openid-configuration", TimeSpan.FromHours(3), TimeSpan.FromSeconds(7)),
            (source.MetadataAddress, source.AutomaticRefreshInterval, source.RefreshInterval));
    }

    [Fact]
    public async Task Configuration_WithoutTls_IsNotReadOutsideDevelopment()
    {
        await using var node = new TokenFixture(Settings, _log, environment: "Production");

        Assert.Equal(TokenError.IssuerAway, await node.RefusedAsync(_issuer.Token(_issuer.Claims("anna", node.Later))));

        Assert.Equal(0, _issuer.Fetches);
        Assert.Contains("is not https", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    private TokenFixture NewNode() => new(Settings, _log);

    private void Settings(AuthOptions options)
    {
        options.Authority = _issuer.Authority + "/"; // some people write it this way
        options.Audience = "chat";
    }

    private JsonObject With(string claim, string value)
    {
        var claims = _issuer.Claims("anna", _node.Later);
        claims[claim] = value;
        return claims;
    }
}
