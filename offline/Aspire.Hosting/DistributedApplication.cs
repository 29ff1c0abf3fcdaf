using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>An application of several processes, started and stopped together.</summary>
public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly bool _isDrivenByTest;

    internal DistributedApplication(IHost host, bool isDrivenByTest)
    {
        _host = host;
        _isDrivenByTest = isDrivenByTest;
    }

    /// <summary>Services of the AppHost itself.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>The state of every resource.</summary>
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    /// <summary>Starts, stops and restarts resources.</summary>
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    /// <summary>Begins an application: arguments are configuration, as in <c>--Replicas=5</c>.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        var hook = AppHostHook.Current;
        return new DistributedApplicationBuilder(
            hook is null ? args : [.. args, .. hook.Args], hook?.AppHost ?? Assembly.GetEntryAssembly(), hook);
    }

    /// <summary>Starts everything and returns; whoever waits, waits in the background.</summary>
    public virtual Task StartAsync(CancellationToken cancellationToken = default) => _host.StartAsync(cancellationToken);

    /// <summary>Stops everything, dependents first.</summary>
    public virtual Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    /// <summary>Starts everything and waits until it is asked to end: Ctrl+C, SIGTERM, or the token.</summary>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (_isDrivenByTest)
        {
            // The test starts and stops the application; the AppHost's own code just waits for its end.
            await _host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await _host.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="RunAsync"/>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>Stops what still runs.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }

        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }
}
