using Chat.Api.Backplane;
using Chat.Api.Nodes;
using Chat.Api.Redis.Resp;
using Microsoft.Extensions.Options;
using ServiceDefaults;

namespace Chat.Api.Redis;

/// <summary>Registers the backplane over Redis. Its listener, <see cref="IBackplaneListener"/>, is registered elsewhere.</summary>
internal static class RedisBuilder
{
    public static WebApplicationBuilder AddRedisBackplane(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<BackplaneOptions>(BackplaneOptions.Section);
        services.AddSingleton<IValidateOptions<BackplaneOptions>, BackplaneOptionsValidator>();
        services.AddSingleton<BackplaneMetrics>();
        services.AddSettingNames<string>(RedisPrefix.Key);
        var prefix = RedisPrefix.Read(builder.Configuration);
        services.AddSingleton(provider => new RedisKeys(prefix, Options(provider).PubSub));
        services.AddSingleton(provider => RedisEndpoint.Parse(provider.GetRequiredService<IConfiguration>().GetConnectionString("redis")
            ?? throw new InvalidOperationException("ConnectionStrings:redis is not set; it names the Redis server, for example localhost:6379."))
            with
        {
            Login = () => provider.GetRequiredService<RedisLogin>().Current,
            ShardedChannel = provider.GetRequiredService<RedisKeys>() is { AreSharded: true } keys ? keys.ProbeChannel : null,
        });
        services.AddRedisScripts(RedisBackplane.Scripts);
        services.AddSingleton(static provider => new RedisCommands(
            provider.GetRequiredService<RedisEndpoint>(), Options(provider), provider.GetRequiredService<RedisKeys>(), provider.GetServices<RedisScript>(),
            provider.GetRequiredService<IBackplaneListener>().OnBatchEnd, provider.GetRequiredService<ILogger<RedisBackplane>>(),
            provider.GetService<EventRules>()));
        services.AddSingleton(static provider => new RedisSubscriptions(
            provider.GetRequiredService<RedisCommands>(), provider.GetRequiredService<RedisKeys>(), provider.GetRequiredService<NodeIdentity>().Id,
            provider.GetRequiredService<IBackplaneListener>(), Options(provider), provider.GetRequiredService<BackplaneMetrics>(),
            provider.GetRequiredService<ILogger<RedisBackplane>>()));
        services.AddSingleton<RedisLives>();
        services.AddSingleton(static provider => new PositionKeeper(
            provider.GetRequiredService<RedisCommands>(), provider.GetRequiredService<RedisKeys>(), provider.GetRequiredService<IBackplaneListener>(),
            Options(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static provider => new RedisBackplane(
            provider.GetRequiredService<RedisCommands>(), provider.GetRequiredService<RedisSubscriptions>(), provider.GetRequiredService<RedisKeys>(),
            Options(provider), provider.GetRequiredService<NodeIdentity>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<BackplaneMetrics>(),
            provider.GetService<EventMarks>()));
        services.AddSingleton<IBackplane>(static provider => provider.GetRequiredService<RedisBackplane>());
        services.AddHostedService<RedisBackplaneHost>();
        services.AddHealthChecks().AddCheck<BackplaneHealthCheck>("backplane");
        return builder;
    }

    /// <summary>Registers scripts that a feature calls through <see cref="RedisCommands"/>.</summary>
    public static void AddRedisScripts(this IServiceCollection services, IEnumerable<RedisScript> scripts)
    {
        foreach (var script in scripts)
        {
            services.AddSingleton(script);
        }
    }

    private static BackplaneOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<BackplaneOptions>>().Value;
}
