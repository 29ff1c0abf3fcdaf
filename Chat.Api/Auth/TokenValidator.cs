using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>Checks tokens (JWS, RFC 7515 and 7519): ours, HS256, and those of the authority, which are signed with its private keys.</summary>
/// <remarks>The algorithm that a token claims chooses the keys, and each kind of key is used for its own algorithms only.
/// So an HS256 token signed with the authority's public key, as if that were a secret, is just one with a wrong signature.</remarks>
internal sealed partial class TokenValidator(
    OwnKey own, IssuerKeys issuerKeys, IOptions<AuthOptions> options, TimeProvider time, ILogger<TokenValidator> logger)
{
    private static readonly string[] IssuerAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false };
    private readonly AuthOptions _options = options.Value;

    /// <summary>The token's user, or why it is refused. Never throws, whatever the token. The user's claims are the token's;
    /// its name is a valid id.</summary>
    public async Task<TokenResult> ValidateAsync(string token)
    {
        var result = await CheckAsync(token);
        if (!result.IsValid)
        {
            Log.Refused(logger, result.Error.Text);
        }

        return result;
    }

    private Task<TokenResult> CheckAsync(string token)
    {
        if (token.Length > _options.TokenBytes)
        {
            return Refused(TokenError.TooLong);
        }

        if (!TryRead(token, out var jwt))
        {
            return Refused(TokenError.Malformed);
        }

        // What a critical header asks for must be understood (RFC 7515, section 4.1.11), and none is.
        if (jwt.IsEncrypted || jwt.TryGetHeaderValue<object>("crit", out _))
        {
            return Refused(TokenError.Unsupported);
        }

        return jwt.Alg == SecurityAlgorithms.HmacSha256 && own.Key is { } key ? CheckOwnAsync(jwt, key)
            : IssuerAlgorithms.Contains(jwt.Alg) && issuerKeys.IsConfigured ? CheckIssuersAsync(jwt)
            : Refused(TokenError.Algorithm);
    }

    private static Task<TokenResult> Refused(TokenError error) => Task.FromResult<TokenResult>(error);

    private async Task<TokenResult> CheckOwnAsync(JsonWebToken jwt, SecurityKey key) =>
        Result(await CheckAsync(jwt, [SecurityAlgorithms.HmacSha256], [key], _options.Issuer), noKey: TokenError.Signature);

    private async Task<TokenResult> CheckIssuersAsync(JsonWebToken jwt)
    {
        if (await issuerKeys.GetAsync() is not { } known)
        {
            return TokenError.IssuerAway;
        }

        var result = await CheckAsync(jwt, known);
        if (IsUnknownKey(result) && await issuerKeys.NewerAsync(known) is { } newer && newer != known)
        {
            result = await CheckAsync(jwt, newer); // the issuer has changed its keys
        }

        return Result(result, noKey: TokenError.UnknownKey);
    }

    private async Task<TokenValidationResult> CheckAsync(JsonWebToken jwt, IssuerKeySet keys)
    {
        SecurityKey[] candidates = string.IsNullOrEmpty(jwt.Kid) ? keys.Keys : [.. keys.Keys.Where(key => key.KeyId == jwt.Kid)];
        return await CheckAsync(jwt, IssuerAlgorithms, candidates, keys.Issuer);
    }

    private static bool IsUnknownKey(TokenValidationResult result) => result.Exception is SecurityTokenSignatureKeyNotFoundException;

    private Task<TokenValidationResult> CheckAsync(JsonWebToken jwt, string[] algorithms, SecurityKey[] keys, string? issuer) =>
        _tokens.ValidateTokenAsync(jwt, new TokenValidationParameters
        {
            ValidAlgorithms = algorithms,
            IssuerSigningKeys = keys,
            ValidateIssuer = issuer is not null,
            ValidIssuer = issuer,
            ValidateAudience = _options.Audience is not null,
            ValidAudience = _options.Audience,
            ValidateLifetime = false, // by our clock, below
        });

    private TokenResult Result(TokenValidationResult result, TokenError noKey) => result.IsValid
        ? Accept(new ClaimsPrincipal(new CaseSensitiveClaimsIdentity(result.ClaimsIdentity.Claims, BearerScheme.Name, _options.UserClaim, "role")))
        : result.Exception switch
        {
            SecurityTokenSignatureKeyNotFoundException => noKey,
            SecurityTokenInvalidSignatureException or SecurityTokenInvalidAlgorithmException => TokenError.Signature,
            SecurityTokenInvalidAudienceException => TokenError.Audience,
            SecurityTokenInvalidIssuerException => TokenError.Issuer,
            _ => TokenError.Invalid,
        };

    /// <summary>The signature is good: what remains is when and who.</summary>
    private TokenResult Accept(ClaimsPrincipal user)
    {
        var now = time.GetUtcNow();
        if (user.FindAll("exp").Count() != 1 || ChatUser.ExpiresAt(user) is not { } expiresAt)
        {
            return TokenError.NoExpiry;
        }

        if (HasEnded(expiresAt, now))
        {
            return TokenError.Expired;
        }

        if (user.FindAll("nbf").Any() && (ChatUser.TimeOf(user, "nbf") is not { } notBefore || now < notBefore - _options.ClockSkew))
        {
            return TokenError.NotYetValid;
        }

        return user.FindAll(_options.UserClaim).Count() != 1 ? TokenError.NoUser
            : !ChatId.IsValid(ChatUser.IdOf(user)) ? TokenError.InvalidUser
            : TokenResult.Valid(user);
    }

    private bool HasEnded(DateTimeOffset expiresAt, DateTimeOffset now) => expiresAt <= now - _options.ClockSkew;

    private static bool TryRead(string token, [NotNullWhen(true)] out JsonWebToken? jwt)
    {
        try
        {
            jwt = new JsonWebToken(token);
            return true;
        }
        catch (Exception)
        {
            // The library throws many kinds of exceptions at what is no token; all say the same.
            jwt = null;
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "TokenRefused", Message = "A token is refused: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
