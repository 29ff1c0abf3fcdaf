using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    // The engine stops everything within ten seconds. The host must not give up before that.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(15);

    private readonly HostApplicationBuilder _host;
    private readonly AppHostHook? _hook;

    public DistributedApplicationBuilder(string[] args, Assembly? appHost, AppHostHook? hook)
    {
        _hook = hook;
        AppHostDirectory = AppHostProject.DirectoryOf(appHost);
        _host = new HostApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            ApplicationName = appHost?.GetName().Name,
            ContentRootPath = AppHostDirectory,
            EnvironmentName = hook is null ? null : Environments.Development, // as the AppHost's launch profile has it
        });
        ExecutionContext = new DistributedApplicationExecutionContext(_host.Configuration);
        if (hook is not null)
        {
            _host.Logging.ClearProviders(); // a test adds its own
        }

        _host.Logging.AddFilter("Microsoft", LogLevel.Warning);
        _host.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None); // not being ready yet is not an error

        Services.AddSingleton(Resources);
        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton<ResourceNotificationService>();
        Services.AddSingleton<ResourceLoggerService>();
        Services.AddSingleton(services => new ResourceCommandService(
            services.GetRequiredService<Engine>(), services, services.GetRequiredService<ILoggerFactory>()));
        Services.AddHealthChecks();
        Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        Services.AddEngine(new EngineOptions(IsTest: hook is not null));
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public IHostEnvironment Environment => _host.Environment;

    public DistributedApplicationExecutionContext ExecutionContext { get; }

    public IServiceCollection Services => _host.Services;

    public ResourceCollection Resources { get; } = [];

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (Resources.Any(other => string.Equals(other.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DistributedApplicationException($"There are two resources named {resource.Name}.");
        }

        Resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        // A test looks at the builder before the AppHost's own code goes on.
        _hook?.OnBuilding(this);
        var application = new DistributedApplication(_host.Build(), isDrivenByTest: _hook is not null);
        _hook?.OnBuilt(application);
        return application;
    }
}
