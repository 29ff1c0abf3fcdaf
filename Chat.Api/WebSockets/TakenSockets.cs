using Chat.Api.Connections;
using Chat.Sockets.Loops;

namespace Chat.Api.WebSockets;

/// <summary>Ends what is left of the connections whose sockets were taken from the server, which ends the others when it stops.</summary>
internal sealed class TakenSockets(SocketLoops loops, ConnectionTable connections) : IHostedService
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Behind the drain and the server. Returns when they have left all they were in, for which Redis is still needed.</summary>
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
