using Chat.Api.Connections;
using Chat.Sockets.Loops;

namespace Chat.Api.WebSockets;

/// <summary>Ends the remaining connections whose sockets were taken from the server. The server ends all others when it stops.</summary>
internal sealed class TakenSockets(SocketLoops loops, ConnectionTable connections) : IHostedService
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs after the drain and the server's stop. Returns when the connections have left everything they were in, for which
    /// Redis is still needed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        loops.ForEach(static socket => (socket.Owner as TakenSocket)?.Abort());
        var began = connections.Time.GetTimestamp();
        while (connections.All.Any() && connections.Time.GetElapsedTime(began) < MostTime)
        {
            await Task.Delay(Step, connections.Time, CancellationToken.None);
        }
    }
}
