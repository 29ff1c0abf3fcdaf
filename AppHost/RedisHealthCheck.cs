using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AppHost;

/// <summary>Healthy once the server on this machine answers a PING.</summary>
internal sealed class RedisHealthCheck(int port) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await RedisProbe.AskAsync("127.0.0.1", port, cancellationToken: cancellationToken) is { } failure
            ? HealthCheckResult.Unhealthy(failure)
            : HealthCheckResult.Healthy();
}
