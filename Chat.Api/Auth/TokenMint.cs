using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>Makes HS256 tokens.</summary>
internal sealed class TokenMint(OwnKey own, IOptions<AuthOptions> options, TimeProvider time)
{
    private readonly JsonWebTokenHandler _tokens = new();

    /// <summary>Claims: the user (<see cref="AuthOptions.UserClaim"/>), <c>iat</c>, <c>nbf</c>, <c>exp</c>, <c>jti</c>; <c>iss</c> and
    /// <c>aud</c> where the settings have them.</summary>
    /// <param name="userId">Valid.</param>
    /// <exception cref="InvalidOperationException">There is no key.</exception>
    public string Create(string userId)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return _tokens.CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object>
            {
                [options.Value.UserClaim ?? AuthOptions.OwnUserClaim] = userId,
                [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("n"),
            },
            Issuer = options.Value.Issuer,
            Audience = options.Value.Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + TimeSpan.FromMinutes(options.Value.ExpiresIn),
            SigningCredentials = new SigningCredentials(
                own.Key ?? throw new InvalidOperationException("Auth:SecurityKey is not set."), SecurityAlgorithms.HmacSha256),
        });
    }
}
