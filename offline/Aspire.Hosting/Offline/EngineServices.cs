using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>The parts of the engine.</summary>
internal static class EngineServices
{
    /// <param name="services">The AppHost's.</param>
    /// <param name="isTest">True: output goes to the logger, ports are random.</param>
    public static void AddEngine(this IServiceCollection services, bool isTest)
    {
        services.AddSingleton<HealthWatch>();
        services.AddSingleton<ProcessEnvironment>();
        services.AddSingleton<Dashboard>();
        services.AddSingleton(provider => new ConsoleOutput(
            provider.GetRequiredService<ResourceCollection>(),
            provider.GetRequiredService<ResourceLoggerService>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IHostEnvironment>(),
            isTest));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Engine>(provider, new EngineOptions(RandomPorts: isTest)));
        services.AddHostedService(provider => provider.GetRequiredService<Engine>());
    }
}
