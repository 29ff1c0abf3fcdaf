namespace Aspire.StackExchange.Redis;

/// <summary>How the Redis client is registered. Bound from <c>Aspire:StackExchange:Redis</c>.</summary>
public sealed class StackExchangeRedisSettings
{
    /// <summary>Where Redis is, as StackExchange.Redis writes it: <c>host:port,option=value</c>.</summary>
    /// <value>Default: the connection string of the name given to <c>AddRedisClient</c>.</value>
    public string? ConnectionString { get; set; }

    /// <summary>True leaves the health check out.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>True leaves the activities of the commands out.</summary>
    public bool DisableTracing { get; set; }
}
