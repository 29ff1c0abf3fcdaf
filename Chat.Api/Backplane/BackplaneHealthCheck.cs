using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Api.Backplane;

/// <summary>Not ready while messages can't be published or subscriptions don't hear this node's own tick.</summary>
internal sealed class BackplaneHealthCheck(IBackplane backplane) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(backplane.IsReady(out var reason) ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, reason));
}
