using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Chat.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chat.Tests.Auth;

/// <summary>An OpenID Connect issuer as small as one can be: its configuration, its keys, and tokens.</summary>
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

    /// <summary>Not the same text as <see cref="Authority"/>: what counts is what its configuration says.</summary>
    public string Issuer => Authority + "/v2";

    /// <summary>Whether it answers with 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>How often its configuration was asked for.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    public RSA Key { get; private set; } = null!;

    public string KeyId { get; private set; } = "";

    /// <summary>The one before the last change.</summary>
    public RSA KeyBefore { get; private set; } = null!;

    /// <param name="firstKey">The number of its first key; those of others have other ones.</param>
    public static async Task<TestIssuer> StartAsync(int firstKey = 0)
    {
        var issuer = new TestIssuer(firstKey);
        issuer.Rotate("key-1");
        await issuer._app.StartAsync();
        issuer.Authority = issuer._app.Urls.Single() + "/tenant";
        return issuer;
    }

    /// <summary>From now on it signs with another key, and publishes that one only.</summary>
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

    /// <summary>RS256 with its key.</summary>
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

    /// <summary>What its tokens for <c>chat</c> say.</summary>
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
