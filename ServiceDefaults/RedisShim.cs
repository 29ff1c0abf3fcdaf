using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

public sealed class StackExchangeRedisSettings
{
    public string? ConnectionString { get; set; }
    public bool DisableHealthChecks { get; set; }
    public bool DisableTracing { get; set; }
}

public static class RedisShim
{
    public static void AddRedisClient(this IHostApplicationBuilder builder, string name,
        Action<StackExchangeRedisSettings>? settings = null, Action<ConfigurationOptions>? options = null)
    {
        settings?.Invoke(new());
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ =>
        {
            var o = ConfigurationOptions.Parse(builder.Configuration.GetConnectionString(name)!);
            options?.Invoke(o);
            return ConnectionMultiplexer.Connect(o);
        });
    }
}
