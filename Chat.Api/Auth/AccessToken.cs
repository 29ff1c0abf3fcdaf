using Microsoft.IdentityModel.JsonWebTokens;

namespace Chat.Api.Auth;

/// <summary>Tells an issuer's access tokens from the other tokens that it signs with the same keys. An ID token says who signed in to an application;
/// somebody who gets hold of one must not be able to act with it.</summary>
/// <remarks>Some issuers state what a token is, in the header <c>typ</c> (RFC 9068, section 2.1) or, like Keycloak, in a claim <c>typ</c>. Then that
/// decides, also because Keycloak's older access tokens have a nonce. If nothing states it (Entra ID's access tokens have the type JWT, as its ID
/// tokens do), a token is an ID token if it has claims that only ID tokens have (OpenID Connect Core, sections 2 and 3.3.2.11). The audience is
/// checked as well.</remarks>
internal static class AccessToken
{
    private static readonly string[] MarksOfIdTokens = ["nonce", "at_hash", "c_hash", "s_hash"];

    public static bool Is(JsonWebToken jwt) => Type(jwt) switch
    {
        "at+jwt" or "application/at+jwt" => true,
        "" or "jwt" => jwt.TryGetPayloadValue<string>("typ", out var claimed)
            ? string.Equals(claimed, "Bearer", StringComparison.OrdinalIgnoreCase)
            : !MarksOfIdTokens.Any(mark => jwt.TryGetPayloadValue<object>(mark, out _)),
        _ => false,
    };

    private static string Type(JsonWebToken jwt) => jwt.Typ?.ToLowerInvariant() ?? "";
}
