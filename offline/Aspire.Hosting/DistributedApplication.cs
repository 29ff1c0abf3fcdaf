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
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStarted;

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

    /// <summary>Begins an application. The arguments are configuration, as in <c>--Replicas=5</c>.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        var hook = AppHostHook.Current;
        return new DistributedApplicationBuilder(args, hook?.AppHost ?? Assembly.GetEntryAssembly(), hook);
    }

    /// <summary>Starts everything and returns; resources that wait for others do so in the background.</summary>
    public virtual async Task StartAsync(CancellationToken cancellationToken = default)
    {
        _isStarted = true;
        await _host.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops everything, dependents first.</summary>
    public virtual async Task StopAsync(CancellationToken cancellationToken = default)
    {
        _isStarted = false;
        await _host.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts everything and waits until it is asked to end: Ctrl+C, SIGTERM, or the token.</summary>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (Services.GetRequiredService<DistributedApplicationExecutionContext>().IsPublishMode)
        {
            await Console.Error.WriteLineAsync("Publishing needs Aspire's own packages, which this feed lacks: nothing was published.").ConfigureAwait(false);
            Environment.ExitCode = 1;
            return;
        }

        if (_isDrivenByTest)
        {
            // The test starts and stops the application; the AppHost's own code only waits for the end.
            await _disposed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
            await _host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
            _isStarted = false;
        }
        finally
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="RunAsync"/>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>Stops what still runs.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (_isStarted)
        {
            await StopAsync().ConfigureAwait(false);
        }

        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync().ConfigureAwait(false);
        }

        _disposed.TrySetResult();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }
}
