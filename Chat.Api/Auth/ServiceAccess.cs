using Microsoft.AspNetCore.Authorization;

namespace Chat.Api.Auth;

/// <summary>Restricts endpoints to operators and backends.</summary>
internal static class ServiceAccess
{
    public const string Role = "service";

    /// <summary>The name of the policy, which demands a key of <c>Api:Keys</c>, or a token that has the role.</summary>
    public const string Policy = "service";

    /// <summary>Lets only services call the endpoint; in Development anybody.</summary>
    public static void RequireService(this IEndpointConventionBuilder endpoint, IHostEnvironment environment)
    {
        if (!environment.IsDevelopment())
        {
            endpoint.RequireAuthorization(Policy);
        }
    }

    public static void AddPolicy(AuthorizationOptions options) => options.AddPolicy(
        Policy, static policy => policy.AddAuthenticationSchemes(ServiceScheme.Name).RequireAuthenticatedUser().RequireAssertion(HasRole));

    // Our own tokens have the first claim; Entra ID and others use the second.
    private static bool HasRole(AuthorizationHandlerContext context) =>
        context.User.HasClaim("role", Role) || context.User.HasClaim("roles", Role);
}
