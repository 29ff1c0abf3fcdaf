using Chat.Api.Auth;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Chat.Api.ServerApi;

/// <summary>Lets a call in: one of a service, and not too many of them.</summary>
/// <remarks>Everything below <c>/api/v1</c> is behind it, also what is not there (404, 405, 415), which is no concern of a stranger's. Whoever has a
/// key is let in by that alone. Tokens, and refusals, are the framework's, by the policy <see cref="ServiceAccess.Policy"/>.</remarks>
internal sealed class ApiGate(ApiKeys keys, IAuthorizationPolicyProvider policies, IPolicyEvaluator evaluator, ApiLimits limits)
{
    /// <summary>False: it has been answered.</summary>
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
