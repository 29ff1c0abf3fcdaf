using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Auth;

/// <summary>The smallest possible OpenID Connect issuer: its configuration, its keys, and tokens.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<JsonObject> _published = [];
    private int _fetches;
    private int _nextKey;

    private TestIssuer(int firstKey)
    {
        _nextKey = firstKey;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/tenant/.well-known/openid-configuration", Configuration);
        _app.MapGet("/tenant/keys", Keys);
    }

    public string Authority { get; private set; } = "";

    /// <summary>Differs from <see cref="Authority"/> on purpose: the issuer in the configuration is the one that counts.</summary>
    public string Issuer => Authority + "/v2";

    /// <summary>Whether it answers with 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>How often its configuration was fetched.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    public RSA Key { get; private set; } = null!;

    public string KeyId { get; private set; } = "";

    /// <summary>The key before the last change.</summary>
    public RSA KeyBefore { get; private set; } = null!;

    /// <param name="firstKey">The number of its first key. Other issuers have other numbers.</param>
    public static async Task<TestIssuer> StartAsync(int firstKey = 0)
    {
        var issuer = new TestIssuer(firstKey);
        issuer.Rotate("key-1");
        await issuer._app.StartAsync();
        issuer.Authority = issuer._app.Urls.Single() + "/tenant";
        return issuer;
    }

    /// <summary>Makes the issuer sign with another key and publish only that one.</summary>
    public void Rotate(string? keyId)
    {
        KeyBefore = Key;
        Key = TestKeys.Get(_nextKey++);
        KeyId = keyId ?? "";
        var parameters = Key.ExportParameters(includePrivateParameters: false);
        var key = new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["n"] = TestToken.Encode(parameters.Modulus!), ["e"] = TestToken.Encode(parameters.Exponent!) };
        if (keyId is not null)
        {
            key["kid"] = keyId;
        }

        lock (_published)
        {
            _published.Clear();
            _published.Add(key);
        }
    }

    public void Publish(JsonObject key)
    {
        lock (_published)
        {
            _published.Add(key);
        }
    }

    /// <summary>An RS256 token, signed with the issuer's key unless another is given.</summary>
    public string Token(JsonObject claims, string? keyId = null, RSA? key = null, string? type = null)
    {
        var header = Header("RS256", keyId ?? KeyId);
        if (type is not null)
        {
            header["typ"] = type;
        }

        return TestToken.Sign(header, claims, bytes => (key ?? Key).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static JsonObject Header(string algorithm, string keyId) =>
        keyId.Length == 0 ? new JsonObject { ["alg"] = algorithm } : new JsonObject { ["alg"] = algorithm, ["kid"] = keyId };

    /// <summary>The claims of its tokens for <c>chat</c>.</summary>
    public JsonObject Claims(string user, DateTimeOffset expiresAt)
    {
        var claims = new JsonObject { ["sub"] = user, ["exp"] = expiresAt.ToUnixTimeSeconds() };
        claims["iss"] = Issuer;
        claims["aud"] = "chat";
        return claims;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private IResult Configuration()
    {
        Interlocked.Increment(ref _fetches);
        return IsAway ? Results.StatusCode(503) : Results.Text(new JsonObject { ["issuer"] = Issuer, ["jwks_uri"] = Authority + "/keys" }.ToJsonString());
    }

    private IResult Keys()
    {
        lock (_published)
        {
            return Results.Text(new JsonObject { ["keys"] = new JsonArray([.. _published.Select(key => key.DeepClone())]) }.ToJsonString());
        }
    }
}
