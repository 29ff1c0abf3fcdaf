using Microsoft.AspNetCore.Authorization;

namespace Chat.Api.Auth;

/// <summary>Endpoints for operators and back ends, not for chatting people.</summary>
internal static class ServiceAccess
{
    public const string Role = "service";

    /// <summary>In Development anybody may; elsewhere only who shows a token with the role.</summary>
    public static void RequireService(this IEndpointConventionBuilder endpoint, IHostEnvironment environment)
    {
        if (!environment.IsDevelopment())
        {
            endpoint.RequireAuthorization(static policy => policy.RequireAuthenticatedUser().RequireAssertion(HasRole));
        }
    }

    // An own token's claim; and what Entra ID and others call it.
    private static bool HasRole(AuthorizationHandlerContext context) =>
        context.User.HasClaim("role", Role) || context.User.HasClaim("roles", Role);
}
