using System.Security.Claims;
using Chat.Api.Auth;

namespace Chat.Api.ServerApi;

/// <summary>Names the maker of a call.</summary>
internal static class ApiCaller
{
    /// <summary>The name of the key, or the user of the token; both are valid ids. Null if the API does not know the caller.</summary>
    public static string? NameOf(ClaimsPrincipal caller) => ChatUser.IdOf(caller);

    /// <summary>The caller's name in metrics: the name of the key, or <c>token</c>, since there may be any number of tokens.</summary>
    public static string LabelOf(ClaimsPrincipal caller) => caller.Identity switch
    {
        { AuthenticationType: ApiKeys.Scheme, Name: { } name } => name,
        { IsAuthenticated: true } => "token",
        _ => "none",
    };
}
