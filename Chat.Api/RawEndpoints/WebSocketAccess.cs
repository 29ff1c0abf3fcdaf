using Chat.Api.Admissions;
using Chat.Api.Auth;
using Microsoft.AspNetCore.Authentication;

namespace Chat.Api.RawEndpoints;

/// <summary>Whether a request may become a connection of the user in its path.</summary>
internal static class WebSocketAccess
{
    /// <summary>A token that is given must be valid and the user's, even where none is needed: somebody who shows a token means to be
    /// that user, and learns here, not later, that they are not.</summary>
    /// <returns>Null if it may.</returns>
    public static async Task<Refusal?> CheckAsync(HttpContext http, string userId, bool requireToken)
    {
        var token = await http.AuthenticateAsync(); // done already; the middleware passes on only a valid token
        return token.Failure is { } refused ? new Refusal(401, refused.Message) { Challenge = BearerAnswers.Challenge(refused) }
            : token.Succeeded ? ChatUser.IdOf(token.Principal) == userId ? null : Refusal.OtherUser
            : requireToken ? Refusal.NoToken : null;
    }
}
