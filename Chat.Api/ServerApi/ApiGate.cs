using Chat.Api.Auth;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Chat.Api.ServerApi;

/// <summary>Lets a call in: one of a service, and not too many of them.</summary>
/// <remarks>Endpoints have been authorized by then. What has no endpoint (404, 405, 415) has not, and a stranger need not learn what is
/// here and what is not.</remarks>
internal sealed class ApiGate(RequestDelegate next, IAuthorizationPolicyProvider policies, IPolicyEvaluator evaluator, ApiLimits limits)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
        {
            var policy = await policies.GetPolicyAsync(ServiceAccess.Policy) ?? throw new InvalidOperationException("The policy is not there.");
            var authorized = await evaluator.AuthorizeAsync(policy, await evaluator.AuthenticateAsync(policy, http), http, resource: null);
            if (!authorized.Succeeded)
            {
                await (authorized.Forbidden ? http.ForbidAsync(ServiceScheme.Name) : http.ChallengeAsync(ServiceScheme.Name));
                return;
            }
        }

        await (limits.Take(http.User, calls: 1)?.ExecuteAsync(http) ?? next(http));
    }
}
