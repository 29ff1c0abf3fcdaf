using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Health;
using ServiceDefaults.Memory;
using ServiceDefaults.Telemetry;
using StackExchange.Redis;

namespace ServiceDefaults;

/// <summary>What every process of the cluster has in common: telemetry, health endpoints, the Redis client, no token in a URL, no memory kept for
/// nothing.</summary>
public static class ServiceDefaultsBuilder
{
    /// <summary>The connection string's name; its configuration key is <c>ConnectionStrings:redis</c>.</summary>
    public const string Redis = "redis";

    /// <summary>
    /// Adds OTLP export when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, the health checks, <see cref="QueryToken"/>, and
    /// an <c>IConnectionMultiplexer</c> when <c>ConnectionStrings:redis</c> is set.
    /// </summary>
    /// <param name="builder">The builder of the host.</param>
    /// <param name="configureRedis">Changes how this process connects to Redis. Called once for each of its clients. For access tokens that expire,
    /// set <c>ConfigurationOptions.Defaults</c> (<see cref="RedisLogin"/>).</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, Action<ConfigurationOptions>? configureRedis = null)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddQuietLogging();
        ServerLog.Add(builder);
        builder.AddTelemetry();
        builder.Services.AddQueryTokens();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSettings<MemoryOptions>(MemoryOptions.Section);
        builder.Services.AddHostedService<QuietCollection>();
        var health = builder.Services.AddHealthChecks();

        if (builder.Configuration.GetConnectionString(Redis) is { } redis && !string.IsNullOrWhiteSpace(redis))
        {
            RedisConnectionString.Check(redis);
            builder.AddRedisClient(
                Redis,
                settings =>
                {
                    // Our own check answers in bounded time, and with a reason that may be shown on an open endpoint.
                    settings.DisableHealthChecks = true;
                    // It would trace every heartbeat; the Chat source traces what matters here.
                    settings.DisableTracing = true;
                },
                options =>
                {
                    // A process that starts before Redis waits for it, as a running process does when Redis restarts.
                    options.AbortOnConnectFail = false;
                    // Commands fail at once while Redis is away. Queued, they would come late, and hold up a stop until they time out.
                    options.BacklogPolicy = BacklogPolicy.FailFast;
                    // The library's own pauses grow to a minute: processes that lost Redis together would be back at very different times.
                    options.ReconnectRetryPolicy = new LinearRetry(1000);
                    configureRedis?.Invoke(options);
                });
            var login = ConfigurationOptions.Parse(redis);
            configureRedis?.Invoke(login);
            builder.Services.AddSingleton(new RedisLogin(login));
            builder.Services.AddHostedService<RedisClose>();
            health.AddCheck<RedisHealthCheck>(RedisHealthCheck.Name, HealthStatus.Unhealthy);
        }
        else
        {
            // Anything that needs Redis reports this together with all other wrong settings. In Development, the framework's validation comes first,
            // and only looks whether there is a registration.
            builder.Services.AddSingleton<IConnectionMultiplexer>(static _ => throw new SettingException("ConnectionStrings:redis is not set."));
        }

        return builder;
    }

    /// <summary>Maps <c>/alive</c> (this process answers) and <c>/health</c> (all checks pass), in every environment.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealth();
        return app;
    }
}
