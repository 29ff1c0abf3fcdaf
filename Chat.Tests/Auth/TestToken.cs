using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chat.Tests.Auth;

/// <summary>Tokens made by hand, valid and invalid: every part of them can be something that no library would write.</summary>
internal static class TestToken
{
    public const string Key = "the key of these tests, 32 bytes or more";

    /// <summary>An HS256 token with the tests' key or another one.</summary>
    public static string Hmac(JsonObject claims, string key = Key, JsonObject? header = null) =>
        Sign(header ?? new JsonObject { ["alg"] = "HS256", ["typ"] = "JWT" }, claims, bytes => HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), bytes));

    public static string Sign(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign) => Sign(header, claims.ToJsonString(), sign);

    public static string Sign(JsonObject header, string payload, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Encode(Encoding.UTF8.GetBytes(payload))}";
        return $"{signed}.{Encode(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>The claims for a user and an expiry.</summary>
    public static JsonObject Claims(string user, DateTimeOffset expiresAt) => new() { ["name"] = user, ["exp"] = expiresAt.ToUnixTimeSeconds() };

    /// <summary>A token for nodes that are separate processes and so use the machine's clock.</summary>
    public static string For(string user, TimeSpan? validFor = null) => Hmac(Claims(user, DateTimeOffset.UtcNow + (validFor ?? TimeSpan.FromHours(1))));

    public static JsonElement Payload(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;
}
