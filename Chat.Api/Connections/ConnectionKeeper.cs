using Chat.Api.Auth;
using Microsoft.Extensions.Options;

namespace Chat.Api.Connections;

/// <summary>Tends all connections about once a second, and closes them when their token has expired or the node stops.</summary>
/// <remarks>One loop instead of a timer per connection: pings are spread over the interval by connection number.</remarks>
internal sealed class ConnectionKeeper(ConnectionTable connections, ConnectionDrain drain, Rebalance rebalance, IOptions<AuthOptions> auth)
    : BackgroundService, IHostedLifecycleService
{
    /// <summary>Drains the node, unless it is draining already. This runs before any service is stopped, including the server, which ends
    /// every WebSocket at once.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => drain.RunAsync();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        connections.Metrics.Observe(connections);
        var rounds = new TendingRounds(connections.Time, connections.Options.PingInterval, connections.Options.SilenceLimit);
        using var timer = new PeriodicTimer(TendingRounds.Period, connections.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            rounds.Next();
            var ended = connections.Time.GetUtcNow() - auth.Value.ClockSkew; // the same tolerance as when a client connects
            rebalance.Tend();
            foreach (var connection in connections.All)
            {
                if (connection.ExpiresAt <= ended)
                {
                    connection.Close(CloseReason.TokenExpired);
                }

                connection.Tend(rounds.Of(connection));
            }
        }
    }
}
