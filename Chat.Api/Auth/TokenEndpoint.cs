using Chat.Api.Messages;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chat.Api.Auth;

/// <summary><c>GET /api/auth/token?nick=</c>: gives a token to anyone who asks, for any name. With <c>chat=</c>, the token has that claim. Meant for
/// development and closed networks.</summary>
internal static class TokenEndpoint
{
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/auth/token", Create);

    private static ContentHttpResult Create(HttpContext http, TokenMint mint)
    {
        if (http.Request.Query["nick"] is not [var nick] || !ChatId.TryParse(nick, out var userId))
        {
            return TypedResults.Text("The query parameter nick is the user's id. " + ChatId.Rule + "\n", statusCode: StatusCodes.Status400BadRequest);
        }

        var rights = http.Request.Query[TokenRights.Claim] is [{ Length: > 0 } claim] ? claim : null;
        if (rights is not null && !TokenRights.TryParse(rights, out _))
        {
            return TypedResults.Text(TokenError.InvalidRights.Text + "\n", statusCode: StatusCodes.Status400BadRequest);
        }

        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(mint.Create(userId, rights));
    }
}
