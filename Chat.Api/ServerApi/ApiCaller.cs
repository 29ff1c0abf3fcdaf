using System.Security.Claims;
using Chat.Api.Auth;

namespace Chat.Api.ServerApi;

/// <summary>Who makes a call.</summary>
internal static class ApiCaller
{
    /// <summary>The name of the key, or the user of the token; both are valid ids. Null: nobody whom the API knows.</summary>
    public static string? NameOf(ClaimsPrincipal caller) => ChatUser.IdOf(caller);

    /// <summary>What metrics call the caller: the name of the key, or <c>token</c>, for there may be any number of those.</summary>
    public static string LabelOf(ClaimsPrincipal caller) => caller.Identity switch
    {
        { AuthenticationType: ApiKeys.Scheme, Name: { } name } => name,
        { IsAuthenticated: true } => "token",
        _ => "none",
    };
}
