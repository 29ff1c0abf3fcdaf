using System.Globalization;
using System.Security.Claims;
using Chat.Api.Messages;

namespace Chat.Api.Auth;

/// <summary>What a checked token says about its user.</summary>
internal static class ChatUser
{
    /// <summary>The <see cref="ChatId"/> of the token's user, or null if there was no token or it names no user.</summary>
    public static string? IdOf(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true } identity && ChatId.TryParse(identity.Name, out var id) ? id : null;

    /// <summary>The same user, by name only. The other claims of a token, and the token itself, take more memory than everything that an idle
    /// connection needs.</summary>
    public static ClaimsPrincipal NameOf(ClaimsPrincipal user) => user.Identity is { IsAuthenticated: true, Name: { } name } identity
        ? new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimsIdentity.DefaultNameClaimType, name)], identity.AuthenticationType))
        : user;

    /// <summary>When the token expires (<c>exp</c>); clocks may differ by <see cref="AuthOptions.ClockSkew"/>. Null if there was no token.</summary>
    public static DateTimeOffset? ExpiresAt(ClaimsPrincipal user) => TimeOf(user, "exp");

    /// <summary>Reads a claim that is a NumericDate (RFC 7519, section 2): seconds since 1970, possibly with a fraction.</summary>
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
