using Microsoft.AspNetCore.Authorization;

namespace Chat.Api.Auth;

/// <summary>Restricts endpoints to operators and backends.</summary>
internal static class ServiceAccess
{
    public const string Role = "service";

    /// <summary>In Development anybody may call it; elsewhere only with a token that has the role.</summary>
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
