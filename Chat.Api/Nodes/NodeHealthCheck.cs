using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Api.Nodes;

/// <summary>A node is ready for new clients when it is registered, so that the edge knows it, and not draining.</summary>
internal sealed class NodeHealthCheck(LiveNodes live, NodeSelf self, NodeDrain drain) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var reason = drain.IsDraining ? "draining" : live.Contains(self.Id) ? null : "not registered yet";
        return Task.FromResult(reason is null
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, reason));
    }
}
