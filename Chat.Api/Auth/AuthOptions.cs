namespace Chat.Api.Auth;

/// <summary>Which tokens are accepted, and where one is required. Bound from <c>Auth</c>. The node does not start with an invalid value.</summary>
/// <remarks>With both <see cref="SecurityKey"/> and <see cref="Authority"/>, both kinds of token are accepted, each checked
/// with its own keys only.</remarks>
internal sealed class AuthOptions
{
    public const string Section = "Auth";
    public const string OwnUserClaim = "name";
    public const string IssuerUserClaim = "sub";

    /// <summary>The key that signs and checks HS256 tokens: a secret shared by all nodes and by everybody else who makes such tokens.</summary>
    /// <value>32 bytes of UTF-8 or more. Default: none; in Development a random one, which the AppHost gives to all its nodes.</value>
    public string? SecurityKey { get; set; }

    /// <summary>Another key, whose HS256 tokens are accepted as well, but which signs none. It serves to replace keys: it is first the next key, and
    /// then the previous one.</summary>
    /// <value>32 bytes of UTF-8 or more. Requires <see cref="SecurityKey"/>. Default: none.</value>
    public string? OtherSecurityKey { get; set; }

    /// <summary>An OpenID Connect issuer whose tokens are accepted. Its keys are read from
    /// <c>{Authority}/.well-known/openid-configuration</c> when first needed.</summary>
    /// <value>An absolute https URL; http in Development only. Default: none.</value>
    public string? Authority { get; set; }

    /// <summary>The audience that a token's <c>aud</c> must name, whichever key it is signed with. Tokens of the token endpoint name it, too.</summary>
    /// <value>Required with <see cref="Authority"/>, because an issuer's tokens for other services are not meant for this one. Default: not checked.</value>
    public string? Audience { get; set; }

    /// <summary>The <c>iss</c> that HS256 tokens must have; those of the token endpoint have it. An authority's tokens
    /// must have the issuer that its own configuration names.</summary>
    /// <value>Default: not checked.</value>
    public string? Issuer { get; set; }

    /// <summary>The claim that is the user's id; it must satisfy the rule for ids.</summary>
    /// <value>Default: <c>name</c> in HS256 tokens; <c>sub</c> in an authority's tokens, since many authorities let people choose their names
    /// themselves. Not a claim that means something else: iss, aud, exp, nbf, iat, jti.</value>
    public string? UserClaim { get; set; }

    /// <summary>Whether the raw endpoints require a token whose user is the one in the path. If not, a token that is given must
    /// still be valid and match. The hub always requires one.</summary>
    /// <value>Default: true, except in Development.</value>
    public bool? RequireToken { get; set; }

    /// <summary>Whether <c>GET /api/auth/token?nick=</c> gives a token to anyone who asks, for any name.</summary>
    /// <value>Default: true in Development only. Requires <see cref="SecurityKey"/>.</value>
    public bool? TokenEndpoint { get; set; }

    /// <summary>How long a token of the token endpoint is valid.</summary>
    /// <value>Minutes, 1 to 525,600 (a year). Default 1440, a day.</value>
    public int ExpiresIn { get; set; } = 1440;

    /// <summary>How far the clocks of token makers may be off. A token is valid for that much longer on both sides.</summary>
    /// <value>0 to 5 minutes. Default 30 seconds.</value>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The largest token that is read. Longer ones are refused unread.</summary>
    /// <value>Bytes, 256 to 30,000. Default 8192. An address may have 8 KiB in all.</value>
    public int TokenBytes { get; set; } = 8192;

    /// <summary>How long the authority's keys are used before they are fetched again. While it does not answer, they stay in use.</summary>
    /// <value>5 minutes to 7 days. Default 12 hours. A token with an unknown key makes the node ask for them at once.</value>
    public TimeSpan KeyAge { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How often tokens with an unknown key can make a node ask the authority.</summary>
    /// <value>1 second to 1 hour. Default 1 minute. While it has never answered, it is asked again after 5 seconds.</value>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromMinutes(1);
}
