using System.Text.Json;

namespace Chat.Client;

/// <summary>When a token expires, according to the token itself (RFC 7519, <c>exp</c>). Nothing is verified: the server does that.</summary>
internal static class TokenLife
{
    /// <summary>Returns null if the token does not say, or is of another kind.</summary>
    public static DateTimeOffset? EndOf(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
        {
            return null;
        }

        try
        {
            using var claims = JsonDocument.Parse(Decode(parts[1]));
            return claims.RootElement.ValueKind == JsonValueKind.Object && claims.RootElement.TryGetProperty("exp", out var end) && end.TryGetDouble(out var seconds)
                ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static byte[] Decode(string part)
    {
        var text = part.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
    }
}
