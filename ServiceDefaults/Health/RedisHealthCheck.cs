using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace ServiceDefaults.Health;

/// <summary>Healthy while Redis answers a ping in time.</summary>
internal sealed class RedisHealthCheck(IConnectionMultiplexer redis) : IHealthCheck
{
    public const string Name = "redis";

    // Readiness has to turn red within 5 s of losing Redis, and the prober has a timeout of its own.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await redis.GetDatabase().PingAsync().WaitAsync(Timeout, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (TimeoutException)
        {
            return new(context.Registration.FailureStatus, $"no answer within {Timeout.TotalSeconds} s");
        }
        catch (RedisException)
        {
            return new(context.Registration.FailureStatus, "not reachable (ConnectionStrings:redis)");
        }
    }
}
