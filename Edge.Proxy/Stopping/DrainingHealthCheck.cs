using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Edge.Proxy.Stopping;

/// <summary>Ready until the edge is asked to stop.</summary>
internal sealed class DrainingHealthCheck(EdgeDrain drain) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(drain.IsDraining ? new HealthCheckResult(context.Registration.FailureStatus, "draining") : HealthCheckResult.Healthy());
}
