using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults;

/// <summary>Stops a node or an edge when it is asked to (SIGTERM, Ctrl+C): it drains first, and only then does the host stop.</summary>
/// <remarks>The framework's own lifetime stops the host at once. That would end the requests of WebSockets, long polls and event streams before their
/// clients could be told anything. A second signal cuts the drain short.</remarks>
public sealed class DrainLifetime(IHostApplicationLifetime application, IDrain drain) : IHostLifetime, IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT];

    // How long a hurried drain may take to report what it leaves behind, before the host ends that.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _asked;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.AddRange(Signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(static registration => registration.Dispose());

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true; // otherwise, the runtime ends the process
        if (!application.ApplicationStarted.IsCancellationRequested)
        {
            drain.Hurry();
            application.StopApplication();
        }
        else if (Interlocked.Increment(ref _asked) == 1)
        {
            _ = StopAfterAsync(drain.RunAsync());
        }
        else
        {
            drain.Hurry();
            _ = StopAfterAsync(drain.RunAsync().WaitAsync(LastWords));
        }
    }

    private async Task StopAfterAsync(Task drained)
    {
        await drained.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        application.StopApplication();
    }
}
