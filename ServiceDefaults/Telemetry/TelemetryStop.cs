using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>Sends the last telemetry when the process stops, and waits only briefly for that.</summary>
/// <remarks>Each of the three providers would wait up to 5 s for a collector that does not answer, one after the other.</remarks>
internal sealed class TelemetryStop(IServiceProvider services) : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        var patience = (int)Patience.TotalMilliseconds;
        return Task.WhenAll(
            Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(patience), CancellationToken.None),
            Task.Run(() => services.GetService<MeterProvider>()?.Shutdown(patience), CancellationToken.None),
            Task.Run(() => services.GetService<LoggerProvider>()?.Shutdown(patience), CancellationToken.None));
    }
}
