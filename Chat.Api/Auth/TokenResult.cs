using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace Chat.Api.Auth;

/// <summary>What came of checking a token: its user, or why it is refused.</summary>
internal sealed record TokenResult
{
    private TokenResult(ClaimsPrincipal? user, TokenError? error) => (User, Error) = (user, error);

    [MemberNotNullWhen(true, nameof(User))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsValid => User is not null;

    public ClaimsPrincipal? User { get; }

    public TokenError? Error { get; }

    public static TokenResult Valid(ClaimsPrincipal user) => new(user, null);

    public static implicit operator TokenResult(TokenError error) => new(null, error);
}
