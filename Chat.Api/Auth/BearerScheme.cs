using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Primitives;

namespace Chat.Api.Auth;

/// <summary>The authentication scheme: a token in the <c>Authorization</c> header (RFC 6750, section 2.1).</summary>
/// <remarks>Where a browser can only put it into the address, it was taken from there before a request begins.
/// Without the base class of the framework, whose services come with data protection keys, which nothing here needs.</remarks>
internal sealed class BearerScheme(TokenValidator tokens) : IAuthenticationHandler
{
    public const string Name = "Bearer";

    private AuthenticationScheme _scheme = null!;
    private HttpContext _http = null!;
    private Task<AuthenticateResult>? _result;

    /// <summary>The header that belongs to a 401.</summary>
    /// <param name="refused">Null: there was no token, and so nothing is wrong with it (RFC 6750, section 3.1).</param>
    public static StringValues Challenge(Exception? refused) => refused is null
        ? Name
        : $"{Name} error=\"{TokenError.Code}\", error_description=\"{refused.Message}\"";

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        (_scheme, _http) = (scheme, context);
        return Task.CompletedTask;
    }

    public Task<AuthenticateResult> AuthenticateAsync() => _result ??= CheckAsync();

    public async Task ChallengeAsync(AuthenticationProperties? properties)
    {
        var refused = (await AuthenticateAsync()).Failure;
        _http.Response.Headers.WWWAuthenticate = Challenge(refused);
        await WriteAsync(StatusCodes.Status401Unauthorized, refused?.Message ?? TokenRefusedException.NoToken);
    }

    public Task ForbidAsync(AuthenticationProperties? properties) =>
        WriteAsync(StatusCodes.Status403Forbidden, "The token's user may not do this.");

    private async Task<AuthenticateResult> CheckAsync()
    {
        var header = _http.Request.Headers.Authorization;
        if (header.Count > 1)
        {
            return AuthenticateResult.Fail(new TokenRefusedException(TokenError.Malformed));
        }

        var text = header.ToString();
        if (!text.StartsWith(Name, StringComparison.OrdinalIgnoreCase) || (text.Length > Name.Length && text[Name.Length] != ' '))
        {
            return AuthenticateResult.NoResult();
        }

        var result = await tokens.ValidateAsync(text[Name.Length..].Trim());
        return result.IsValid
            ? AuthenticateResult.Success(new AuthenticationTicket(
                result.User, new AuthenticationProperties { ExpiresUtc = ChatUser.ExpiresAt(result.User) }, _scheme.Name))
            : AuthenticateResult.Fail(new TokenRefusedException(result.Error));
    }

    private Task WriteAsync(int status, string text)
    {
        _http.Response.StatusCode = status;
        _http.Response.ContentType = "text/plain; charset=utf-8";
        return _http.Response.WriteAsync(text + "\n", CancellationToken.None);
    }
}

/// <summary>A <see cref="TokenError"/> in the shape that the framework passes on. Never thrown.</summary>
internal sealed class TokenRefusedException(TokenError error) : Exception(error.Text)
{
    public const string NoToken = "A token is needed: Authorization: Bearer {token}, or the query parameter access_token.";
}
