using Microsoft.IdentityModel.Tokens;

namespace Chat.Api.Auth;

/// <summary>What is known of an issuer.</summary>
/// <param name="Issuer">What it writes into <c>iss</c>.</param>
/// <param name="Keys">Its public keys. Never a symmetric one: everybody can read them.</param>
/// <param name="FetchedAt">The time provider's timestamp.</param>
internal sealed record IssuerKeySet(string Issuer, SecurityKey[] Keys, long FetchedAt);
