using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>Makes HS256 tokens.</summary>
internal sealed class TokenMint(OwnKey own, IOptions<AuthOptions> options, TimeProvider time)
{
    private readonly JsonWebTokenHandler _tokens = new() { SetDefaultTimesOnTokenCreation = false }; // it would add nbf

    /// <summary>Creates a token. Its claims are the user (<see cref="AuthOptions.UserClaim"/>; if that is not set, as <c>name</c> and, for servers of
    /// the SignalR chat's lineage, as <c>unique_name</c>), <c>iat</c>, <c>exp</c> and <c>jti</c>, and <c>iss</c> and <c>aud</c> if the settings have
    /// them.</summary>
    /// <remarks>It has no <c>nbf</c>, which would be this node's time: if this node's clock were minutes fast, all other nodes would refuse the
    /// token.</remarks>
    /// <param name="userId">A valid user id.</param>
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
