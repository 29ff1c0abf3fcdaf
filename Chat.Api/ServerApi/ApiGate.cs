using Chat.Api.Auth;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Chat.Api.ServerApi;

/// <summary>Lets a call in if it comes from a service that has not made too many calls.</summary>
/// <remarks>Everything below <c>/api/v1</c> is behind this gate, including paths and methods that do not exist (404, 405, 415), which are no concern
/// of strangers. A key alone lets its caller in. The framework handles tokens and refusals, by the policy
/// <see cref="ServiceAccess.Policy"/>.</remarks>
internal sealed class ApiGate(ApiKeys keys, IAuthorizationPolicyProvider policies, IPolicyEvaluator evaluator, ApiLimits limits)
{
    /// <summary>Returns false if the call was refused, and so has been answered.</summary>
    public ValueTask<bool> LetsInAsync(HttpContext http)
    {
        if (keys.Find(http.Request) is not { } service)
        {
            return CheckAsync(http);
        }

        http.User = service;
        return limits.Take(service, calls: 1) is { } problem ? RefuseAsync(problem, http) : ValueTask.FromResult(true);
    }

    private async ValueTask<bool> CheckAsync(HttpContext http)
    {
        var policy = await policies.GetPolicyAsync(ServiceAccess.Policy) ?? throw new InvalidOperationException("The policy is not there.");
        var authorized = await evaluator.AuthorizeAsync(policy, await evaluator.AuthenticateAsync(policy, http), http, resource: null);
        if (!authorized.Succeeded)
        {
            await (authorized.Forbidden ? http.ForbidAsync(ServiceScheme.Name) : http.ChallengeAsync(ServiceScheme.Name));
            return false;
        }

        return limits.Take(http.User, calls: 1) is not { } problem || await RefuseAsync(problem, http);
    }

    private static async ValueTask<bool> RefuseAsync(ApiProblem problem, HttpContext http)
    {
        await problem.ExecuteAsync(http);
        return false;
    }
}
