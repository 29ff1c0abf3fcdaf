using System.Globalization;
using System.Security.Claims;
using Chat.Api.Messages;

namespace Chat.Api.Auth;

/// <summary>What a checked token says about its user.</summary>
internal static class ChatUser
{
    /// <summary>The <see cref="ChatId"/> that the token's user is, or null: nobody showed a token, or one of nobody.</summary>
    public static string? IdOf(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true } identity && ChatId.TryParse(identity.Name, out var id) ? id : null;

    /// <summary>The token's end (<c>exp</c>); clocks may differ by <see cref="AuthOptions.ClockSkew"/>. Null: nobody showed a token.</summary>
    public static DateTimeOffset? ExpiresAt(ClaimsPrincipal user) => TimeOf(user, "exp");

    /// <summary>A claim that is a NumericDate (RFC 7519, section 2): seconds since 1970, perhaps with a fraction.</summary>
    internal static DateTimeOffset? TimeOf(ClaimsPrincipal user, string claim)
    {
        if (user.FindFirst(claim) is not { } found
            || !double.TryParse(found.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || double.IsNaN(seconds))
        {
            return null;
        }

        return seconds >= Latest ? DateTimeOffset.MaxValue : DateTimeOffset.UnixEpoch.AddSeconds(Math.Max(seconds, 0));
    }

    private static readonly double Latest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
}
