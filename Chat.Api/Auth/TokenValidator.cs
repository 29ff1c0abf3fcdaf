using System.Diagnostics.CodeAnalysis;
using Chat.Api.Messages;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>Checks tokens (JWS, RFC 7515 and 7519): our own, signed with HS256, and those of the authority, signed with its private keys.</summary>
/// <remarks>The algorithm that a token claims decides which rules apply, and keys are only used for the algorithms of their own rules.
/// So an HS256 token that is signed with the authority's public key, as if that were a secret, simply has a wrong signature.
/// The library checks signature, issuer, audience and time; this class words the refusals and finds the user.</remarks>
internal sealed class TokenValidator : TokenHandler
{
    private readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false };
    private readonly IssuerConfiguration _issuer;
    private readonly TimeProvider _time;
    private readonly TokenValidationParameters? _own;
    private readonly TokenValidationParameters? _issuers;

    public TokenValidator(OwnKey own, IssuerConfiguration issuer, IOptions<AuthOptions> options, TimeProvider time)
    {
        MaximumTokenSizeInBytes = options.Value.TokenBytes;
        _issuer = issuer;
        _time = time;
        if (own.Accepted is [_, ..])
        {
            _own = Rules(options.Value, options.Value.UserClaim ?? AuthOptions.OwnUserClaim, [SecurityAlgorithms.HmacSha256]);
            _own.IssuerSigningKeys = own.Accepted;
            _own.ValidateIssuer = options.Value.Issuer is not null;
            _own.ValidIssuer = options.Value.Issuer;
            _own.NameClaimTypeRetriever = options.Value.UserClaim is null ? OwnUserClaim : null;
        }

        if (issuer.Source is { } source)
        {
            _issuers = Rules(options.Value, options.Value.UserClaim ?? AuthOptions.IssuerUserClaim, IssuerConfiguration.Algorithms);
            _issuers.ConfigurationManager = source; // the keys, and the issuer's name
        }
    }

    /// <summary>Returns the token's user, or the reason why the token is refused. Never throws, whatever the token. The identity has the token's
    /// claims, and its name is a valid id.</summary>
    public async Task<TokenValidationResult> ValidateAsync(string token)
    {
        if (token.Length > MaximumTokenSizeInBytes)
        {
            return TokenError.TooLong;
        }

        if (!TryRead(token, out var jwt))
        {
            return TokenError.Malformed;
        }

        // A critical header must be understood (RFC 7515, section 4.1.11), and none is.
        if (jwt.IsEncrypted || jwt.TryGetHeaderValue<object>("crit", out _))
        {
            return TokenError.Unsupported;
        }

        if (jwt.Alg == SecurityAlgorithms.HmacSha256 && _own is not null)
        {
            return Result(await _tokens.ValidateTokenAsync(jwt, _own), noKey: TokenError.Signature);
        }

        if (_issuers is null || !IssuerConfiguration.Algorithms.Contains(jwt.Alg))
        {
            return TokenError.Algorithm;
        }

        return !AccessToken.Is(jwt) ? TokenError.NoAccessToken
            : !await _issuer.IsKnownAsync() ? TokenError.IssuerAway
            : Result(await _tokens.ValidateTokenAsync(jwt, _issuers.Clone()), noKey: TokenError.UnknownKey);
    }

    /// <summary>Applies this class's rules and ignores the parameters.</summary>
    public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters) => ValidateAsync(token);

    private TokenValidationParameters Rules(AuthOptions options, string userClaim, string[] algorithms) => new()
    {
        AuthenticationType = JwtBearerDefaults.AuthenticationScheme,
        NameClaimType = userClaim,
        RoleClaimType = "role",
        ValidAlgorithms = algorithms,
        ValidateAudience = options.Audience is not null,
        ValidAudience = options.Audience,
        ClockSkew = options.ClockSkew,
        LifetimeValidator = CheckLifetime, // by our clock
    };

    // The older name of the claim, which servers of the SignalR chat's lineage use.
    private static string OwnUserClaim(SecurityToken token, string issuer) =>
        token is JsonWebToken jwt && !jwt.TryGetPayloadValue<object>(AuthOptions.OwnUserClaim, out _) ? JwtRegisteredClaimNames.UniqueName : AuthOptions.OwnUserClaim;

    private bool CheckLifetime(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters rules)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return expires is not { } end ? throw new SecurityTokenNoExpirationException()
            : end <= now - rules.ClockSkew ? throw new SecurityTokenExpiredException()
            : notBefore > now + rules.ClockSkew ? throw new SecurityTokenNotYetValidException()
            : true;
    }

    private static TokenValidationResult Result(TokenValidationResult result, TokenError noKey) => result.IsValid
        ? CheckUser(result)
        : result.Exception switch
        {
            SecurityTokenSignatureKeyNotFoundException => noKey,
            SecurityTokenInvalidSignatureException or SecurityTokenInvalidAlgorithmException => TokenError.Signature,
            SecurityTokenInvalidAudienceException => TokenError.Audience,
            SecurityTokenInvalidIssuerException => TokenError.Issuer,
            SecurityTokenNoExpirationException => TokenError.NoExpiry,
            SecurityTokenExpiredException => TokenError.Expired,
            SecurityTokenNotYetValidException => TokenError.NotYetValid,
            _ => TokenError.Invalid,
        };

    /// <summary>Finds the user of a valid token.</summary>
    private static TokenValidationResult CheckUser(TokenValidationResult result)
    {
        var identity = result.ClaimsIdentity;
        return identity.FindAll(identity.NameClaimType).Count() != 1 ? TokenError.NoUser
            : !ChatId.IsValid(identity.Name) ? TokenError.InvalidUser
            : !TokenRights.AreValid(identity, result.SecurityToken) ? TokenError.InvalidRights
            : result;
    }

    private static bool TryRead(string token, [NotNullWhen(true)] out JsonWebToken? jwt)
    {
        try
        {
            jwt = new JsonWebToken(token);
            return true;
        }
        catch (Exception)
        {
            // The library throws many kinds of exceptions if the text is no token; all mean the same.
            jwt = null;
            return false;
        }
    }
}
