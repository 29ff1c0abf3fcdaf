using Chat.Api.Messages;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>The reason why a token is refused: a sentence for its owner, in characters that a header may quote (RFC 6750, section 3).</summary>
internal sealed record TokenError(string Text)
{
    /// <summary>The code is the same for all (RFC 6750, section 3.1), since the remedy is the same: get another token.</summary>
    public const string Code = "invalid_token";

    public const string NoToken = "A token is needed: Authorization: Bearer {token}, or the query parameter access_token.";

    public static readonly TokenError Malformed = new("This is not a JSON Web Token.");
    public static readonly TokenError TooLong = new("The token is longer than Auth:TokenBytes allows.");
    public static readonly TokenError Unsupported = new("The token is encrypted, or has critical headers; a signed token without these is needed.");
    public static readonly TokenError Algorithm = new("The algorithm that the token is signed with is not accepted here.");
    public static readonly TokenError UnknownKey = new("The token is signed with a key that its issuer does not have, or no longer has.");
    public static readonly TokenError Signature = new("The signature of the token is not valid.");
    public static readonly TokenError Issuer = new("The token is from another issuer.");
    public static readonly TokenError Audience = new("The token is for another audience.");
    public static readonly TokenError NoAccessToken = new("This is not an access token. An ID token, for example, is for the application that the user signed in to.");
    public static readonly TokenError NotYetValid = new("The token is not valid yet.");
    public static readonly TokenError Expired = new("The token has expired.");
    public static readonly TokenError NoExpiry = new("The token has no expiry.");
    public static readonly TokenError NoUser = new("The token does not name one user.");
    public static readonly TokenError InvalidUser = new("The user id in the token is not valid. " + ChatId.Rule);
    public static readonly TokenError InvalidRights = new("The claim chat of the token is not an object of patterns of topics, each with a list of join, post, presence, history or *. " + TopicPattern.Rule);
    public static readonly TokenError IssuerAway = new("The keys of the token's issuer cannot be fetched at the moment.");
    public static readonly TokenError Invalid = new("The token is not valid.");

    /// <summary>Wraps it in the form that the framework passes on.</summary>
    public static implicit operator TokenValidationResult(TokenError error) => new() { IsValid = false, Exception = new TokenRefusedException(error) };
}

/// <summary>Carries a <see cref="TokenError"/> through the framework. Never thrown.</summary>
internal sealed class TokenRefusedException(TokenError error) : Exception(error.Text)
{
    public TokenError Error => error;
}
