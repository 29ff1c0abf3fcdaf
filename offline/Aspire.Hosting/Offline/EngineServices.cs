using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Offline;

/// <summary>The parts of the engine.</summary>
internal static class EngineServices
{
    public static void AddEngine(this IServiceCollection services, EngineOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ConsoleOutput>();
        services.AddSingleton<Dashboard>();
        services.AddSingleton<ProcessEnvironment>();
        services.AddSingleton<PublicPorts>();
        services.AddSingleton<HealthWatch>();
        services.AddSingleton<Engine>();
        services.AddHostedService(provider => provider.GetRequiredService<Engine>());
        if (!options.IsTest)
        {
            services.AddHostedService<ParentWatch>();
            services.AddHostedService<CommandServer>();
        }
    }
}
