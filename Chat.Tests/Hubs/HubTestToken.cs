using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Chat.Tests.Hubs;

/// <summary>HS256 tokens made by hand, for lifetimes and rights that the token endpoint does not offer.</summary>
internal static class HubTestToken
{
    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <param name="name">The user.</param>
    /// <param name="lifetime">How long the token is valid from now on.</param>
    /// <param name="key">The key that signs it.</param>
    /// <param name="chat">The claim of this name, as JSON.</param>
    public static string Make(string name, TimeSpan lifetime, string key = HubCluster.SecurityKey, string? chat = null)
    {
        var now = DateTimeOffset.UtcNow;
        var signed = Encode(new { alg = "HS256", typ = "JWT" }) + "." + Encode(new
        {
            name,
            iat = now.ToUnixTimeSeconds(),
            exp = (now + lifetime).ToUnixTimeSeconds(),
            chat = chat is null ? null : JsonNode.Parse(chat),
        });
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(signed)));
    }

    private static string Encode<T>(T part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part, WithoutNulls));
}
