using Chat.Api.Auth;
using Chat.Api.Nodes;
using Microsoft.Extensions.Options;

namespace Chat.Api.Connections;

/// <summary>Tends all connections about once a second, and closes them when their token is over or the node stops.</summary>
/// <remarks>One loop instead of a timer per connection: pings are spread over the interval by connection number.</remarks>
internal sealed partial class ConnectionKeeper(
    ConnectionTable connections, NodeDrain drain, IOptions<AuthOptions> auth, ILogger<ConnectionKeeper> logger)
    : BackgroundService, IHostedLifecycleService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1); // that a client is asked to make

    /// <summary>Closes all connections, a few at a time. Runs before any service is stopped, the server among them, which ends every WebSocket at once.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        await drain.Announced.WaitAsync(Round, connections.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var open = connections.All.ToArray();
        Random.Shared.Shuffle(open);
        Log.Draining(logger, open.Length);
        var steps = Math.Max(1, (int)(connections.Options.DrainTime / DrainStep));
        foreach (var part in open.Chunk(Math.Max(1, (open.Length + steps - 1) / steps)))
        {
            foreach (var connection in part)
            {
                Drain(connection);
            }

            if (part.Length < open.Length)
            {
                await Task.Delay(DrainStep, connections.Time, CancellationToken.None);
            }
        }
    }

    /// <summary>Asks a client to come back, to another node, after a time of its own: those of one step do not come all at once.</summary>
    private static void Drain(Connection connection)
    {
        if (connection.Format.Reconnect(Random.Shared.Next((int)LongestPause.TotalMilliseconds) * TimeSpan.FromMilliseconds(1)) is { } frame)
        {
            connection.Enqueue(frame);
        }

        connection.Close(CloseReason.Draining);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        connections.Metrics.Observe(connections);
        var rounds = Math.Max(1, (long)(connections.Options.PingInterval / Round));
        using var timer = new PeriodicTimer(Round, connections.Time);
        for (long round = 0; await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false); round++)
        {
            var now = connections.Time.GetTimestamp();
            var ended = connections.Time.GetUtcNow() - auth.Value.ClockSkew; // as at the door
            foreach (var connection in connections.All)
            {
                if (connection.ExpiresAt <= ended)
                {
                    connection.Close(CloseReason.TokenExpired);
                }

                connection.Tend(now, ping: (round + connection.Number) % rounds == 0);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "Draining", Message = "Stopping: asking {Connections} connections to reconnect elsewhere.")]
        public static partial void Draining(ILogger logger, int connections);
    }
}
