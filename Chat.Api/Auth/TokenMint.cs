using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>Makes HS256 tokens.</summary>
internal sealed class TokenMint(OwnKey own, IOptions<AuthOptions> options, TimeProvider time)
{
    private readonly JsonWebTokenHandler _tokens = new() { SetDefaultTimesOnTokenCreation = false }; // it would add nbf

    /// <summary>Claims: the user (<see cref="AuthOptions.UserClaim"/>; where that is not set, as <c>name</c> and, for servers of
    /// the SignalR chat's lineage, as <c>unique_name</c>), <c>iat</c>, <c>exp</c>, <c>jti</c>; <c>iss</c> and
    /// <c>aud</c> where the settings have them.</summary>
    /// <remarks>No <c>nbf</c>: it would be this node's time, and where that is minutes fast, all others would refuse the token.</remarks>
    /// <param name="userId">Valid.</param>
    /// <param name="rights">The claim <c>chat</c>, valid (<see cref="TokenRights"/>); null for none.</param>
    /// <exception cref="InvalidOperationException">There is no key.</exception>
    public string Create(string userId, string? rights = null)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>
        {
            [options.Value.UserClaim ?? AuthOptions.OwnUserClaim] = userId,
            [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("n"),
        };
        if (options.Value.UserClaim is null)
        {
            claims[JwtRegisteredClaimNames.UniqueName] = userId;
        }

        if (rights is not null)
        {
            claims[TokenRights.Claim] = JsonSerializer.Deserialize<JsonElement>(rights);
        }

        return _tokens.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            Issuer = options.Value.Issuer,
            Audience = options.Value.Audience,
            IssuedAt = now,
            Expires = now + TimeSpan.FromMinutes(options.Value.ExpiresIn),
            SigningCredentials = new SigningCredentials(
                own.Key ?? throw new InvalidOperationException("Auth:SecurityKey is not set."), SecurityAlgorithms.HmacSha256),
        });
    }
}
