using ServiceDefaults;

namespace Edge.Proxy.Stopping;

internal static class StoppingBuilder
{
    // Long-lived connections are gone by then. This time is for requests that are being answered.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddStopping(this IServiceCollection services)
    {
        services.AddSingleton<StopNotice>();
        services.AddSingleton<EdgeDrain>();
        services.AddSingleton<IDrain>(static provider => provider.GetRequiredService<EdgeDrain>());
        services.AddSingleton<IHostLifetime, DrainLifetime>();
        services.AddHostedService(static provider => provider.GetRequiredService<EdgeDrain>());
        services.Configure<HostOptions>(static host => host.ShutdownTimeout = ShutdownTimeout);
        services.AddHealthChecks().AddCheck<DrainingHealthCheck>("edge");
        return services;
    }
}
