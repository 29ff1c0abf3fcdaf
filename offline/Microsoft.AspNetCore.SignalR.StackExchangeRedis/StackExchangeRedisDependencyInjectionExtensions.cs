using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.StackExchangeRedis;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes one hub of the hubs of several nodes, through a Redis they share.</summary>
public static class StackExchangeRedisDependencyInjectionExtensions
{
    /// <summary>Uses the Redis of this machine.</summary>
    public static ISignalRServerBuilder AddStackExchangeRedis(this ISignalRServerBuilder signalrBuilder) =>
        signalrBuilder.AddStackExchangeRedis(static _ => { });

    /// <summary>Uses the Redis of a connection string, as StackExchange.Redis writes it: <c>host:port,option=value</c>.</summary>
    public static ISignalRServerBuilder AddStackExchangeRedis(this ISignalRServerBuilder signalrBuilder, string redisConnectionString) =>
        signalrBuilder.AddStackExchangeRedis(redisConnectionString, static _ => { });

    /// <summary>Uses the Redis that the options name, or a connection that is there already.</summary>
    public static ISignalRServerBuilder AddStackExchangeRedis(this ISignalRServerBuilder signalrBuilder, Action<RedisOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(signalrBuilder);
        signalrBuilder.Services.Configure(configure);
        signalrBuilder.Services.AddSingleton(typeof(HubLifetimeManager<>), typeof(RedisHubLifetimeManager<>));
        return signalrBuilder;
    }

    /// <summary>Uses the Redis of a connection string, with more said in the options.</summary>
    public static ISignalRServerBuilder AddStackExchangeRedis(
        this ISignalRServerBuilder signalrBuilder, string redisConnectionString, Action<RedisOptions> configure) =>
        signalrBuilder.AddStackExchangeRedis(options =>
        {
            options.Configuration = ConfigurationOptions.Parse(redisConnectionString);
            configure(options);
        });
}
