using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chat.Tests.Hubs;

/// <summary>HS256 tokens made by hand, for lifetimes that the token endpoint does not offer.</summary>
internal static class HubTestToken
{
    public static string Make(string name, TimeSpan lifetime, string key = HubCluster.SecurityKey)
    {
        var now = DateTimeOffset.UtcNow;
        var signed = Encode(new { alg = "HS256", typ = "JWT" }) + "." + Encode(new
        {
            name,
            iat = now.ToUnixTimeSeconds(),
            exp = (now + lifetime).ToUnixTimeSeconds(),
        });
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(signed)));
    }

    private static string Encode<T>(T part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}
