using Chat.Api.Nodes;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Chat.Api.Connections;

/// <summary>Sends this node's clients to other nodes when it alone has lost Redis.</summary>
/// <remarks>A node without Redis keeps its clients: if Redis itself is away, they would be no better off elsewhere, and they miss nothing
/// when it is back. But if another node is ready all the while, the fault is on this side. Then the clients gain nothing by waiting here,
/// and are closed as in a drain. A node that is not ready gets no new clients, so they do not come back before it is.</remarks>
internal sealed partial class CutOff(
    ConnectionTable connections, OtherNodes others, NodeDrain drain, HealthCheckService health, ILogger<CutOff> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private long? _since; // since when another node has been ready, and this one has not

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (connections.Options.ShedAfter == TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(Round, connections.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (await IsAloneAsync(stoppingToken))
            {
                await ShedAsync();
            }
        }
    }

    private async Task<bool> IsAloneAsync(CancellationToken cancellationToken)
    {
        if (drain.IsDraining || connections.Connections == 0
            || (await health.CheckHealthAsync(cancellationToken)).Status == HealthStatus.Healthy
            || !await others.AnyReadyAsync(cancellationToken))
        {
            _since = null;
            return false;
        }

        _since ??= connections.Time.GetTimestamp();
        return connections.Time.GetElapsedTime(_since.Value) >= connections.Options.ShedAfter;
    }

    private async Task ShedAsync()
    {
        var open = connections.All.ToArray();
        if (open.Length > 0)
        {
            Log.Shedding(logger, open.Length);
            await Handover.AllAsync(open, CloseReason.CutOff, connections.Options.DrainTime, connections.Time);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "CutOff",
            Message = "This node is not ready (Redis), and others are: asking {Connections} connections to reconnect elsewhere.")]
        public static partial void Shedding(ILogger logger, int connections);
    }
}
