using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace Chat.Api.Auth;

/// <summary>Lets in requests with a valid token, as the framework's bearer scheme and its authorization would, but in fewer steps. It is for requests
/// that come by the thousand at once.</summary>
internal sealed class BearerGate(TokenValidator tokens)
{
    private const string Scheme = JwtBearerDefaults.AuthenticationScheme + " ";

    /// <summary>Sets the request's user. Returns false if the request was refused, and so has been answered.</summary>
    public async ValueTask<bool> LetsInAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.AsSpan(Scheme.Length).Trim() is not { IsEmpty: false } token)
        {
            await BearerAnswers.RefuseAsync(http.Response, BearerAnswers.IsEmpty(header) ? new TokenRefusedException(TokenError.Malformed) : null);
            return false;
        }

        var result = await tokens.ValidateAsync(token.ToString());
        if (!result.IsValid)
        {
            await BearerAnswers.RefuseAsync(http.Response, result.Exception);
            return false;
        }

        http.User = new ClaimsPrincipal(result.ClaimsIdentity);
        return true;
    }
}
