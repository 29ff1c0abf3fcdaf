using Microsoft.AspNetCore.Authorization;

namespace Chat.Api.Auth;

/// <summary>Restricts endpoints to operators and backends.</summary>
internal static class ServiceAccess
{
    public const string Role = "service";

    /// <summary>The policy's name: a key of <c>Api:Keys</c>, or a token that has the role.</summary>
    public const string Policy = "service";

    /// <summary>In Development anybody may call it; elsewhere only services.</summary>
    public static void RequireService(this IEndpointConventionBuilder endpoint, IHostEnvironment environment)
    {
        if (!environment.IsDevelopment())
        {
            endpoint.RequireAuthorization(Policy);
        }
    }

    public static void AddPolicy(AuthorizationOptions options) => options.AddPolicy(
        Policy, static policy => policy.AddAuthenticationSchemes(ServiceScheme.Name).RequireAuthenticatedUser().RequireAssertion(HasRole));

    // An own token's claim; and what Entra ID and others call it.
    private static bool HasRole(AuthorizationHandlerContext context) =>
        context.User.HasClaim("role", Role) || context.User.HasClaim("roles", Role);
}
