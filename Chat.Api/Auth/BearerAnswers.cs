using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Primitives;

namespace Chat.Api.Auth;

/// <summary>Answers a request that needs a token and has no accepted one: with a sentence, and the header of RFC 6750, section 3.</summary>
internal static class BearerAnswers
{
    public static JwtBearerEvents Events { get; } = new()
    {
        OnMessageReceived = static context =>
        {
            // The library takes this for no token. But its sender claims to be somebody, and must not pass as anonymous.
            if (IsEmpty(context.Request.Headers.Authorization.ToString()))
            {
                context.Fail(new TokenRefusedException(TokenError.Malformed));
            }

            return Task.CompletedTask;
        },
        OnChallenge = static context =>
        {
            context.HandleResponse();
            return RefuseAsync(context.Response, context.AuthenticateFailure);
        },
        OnForbidden = static context => WriteAsync(context.Response, StatusCodes.Status403Forbidden, "The token's user may not do this."),
    };

    /// <summary>Whether the header names the scheme but has no token.</summary>
    public static bool IsEmpty(string authorization) => authorization.AsSpan().Trim().Equals(JwtBearerDefaults.AuthenticationScheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Answers 401.</summary>
    /// <param name="response">The response to the request.</param>
    /// <param name="refused">What is wrong with the token; null if there was none.</param>
    public static Task RefuseAsync(HttpResponse response, Exception? refused)
    {
        response.Headers.WWWAuthenticate = Challenge(refused);
        return WriteAsync(response, StatusCodes.Status401Unauthorized, refused?.Message ?? TokenError.NoToken);
    }

    /// <summary>The header that belongs to a 401.</summary>
    /// <param name="refused">What is wrong with the token; null if there was none (RFC 6750, section 3.1).</param>
    public static StringValues Challenge(Exception? refused) => refused is null
        ? JwtBearerDefaults.AuthenticationScheme
        : $"{JwtBearerDefaults.AuthenticationScheme} error=\"{TokenError.Code}\", error_description=\"{refused.Message}\"";

    private static Task WriteAsync(HttpResponse response, int status, string text)
    {
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync(text + "\n", CancellationToken.None);
    }
}
