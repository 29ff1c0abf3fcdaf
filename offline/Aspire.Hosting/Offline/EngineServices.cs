using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>The parts of the engine.</summary>
internal static class EngineServices
{
    /// <param name="services">The AppHost's.</param>
    /// <param name="quiet">True in a test: output goes to the logger, nothing to the console.</param>
    public static void AddEngine(this IServiceCollection services, bool quiet)
    {
        services.AddSingleton<HealthWatch>();
        services.AddSingleton<ProcessEnvironment>();
        services.AddSingleton<Dashboard>();
        services.AddSingleton(provider => new ConsoleOutput(
            provider.GetRequiredService<ResourceCollection>(),
            provider.GetRequiredService<ResourceLoggerService>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IHostEnvironment>(),
            quiet));
        services.AddSingleton<Engine>();
        services.AddHostedService(provider => provider.GetRequiredService<Engine>());
    }
}
