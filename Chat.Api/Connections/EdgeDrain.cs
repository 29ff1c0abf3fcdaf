using Chat.Api.Nodes;

namespace Chat.Api.Connections;

/// <summary>Hands the clients of a stopping edge over to other edges, as those of a stopping node are handed over to other nodes.</summary>
internal sealed partial class EdgeDrain(ConnectionTable connections, StoppedEdges edges, ILogger<EdgeDrain> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<Task> drains = [];
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously); // the node itself: by then, all connections are closed
        using var onStopping = stoppingToken.Register(stopping.SetResult);
        try
        {
            await foreach (var edge in edges.News.ReadAllAsync(stoppingToken))
            {
                drains.RemoveAll(static drain => drain.IsCompletedSuccessfully);
                drains.Add(DrainAsync(edge, stopping.Task));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }

        await Task.WhenAll(drains);
    }

    private Task DrainAsync(string edge, Task hurry)
    {
        // Connections that come later find the edge among the stopped ones (ConnectionRun).
        var open = connections.All.Where(connection => connection.Edge == edge).ToArray();
        if (open.Length == 0)
        {
            return Task.CompletedTask;
        }

        Log.Draining(logger, open.Length);
        return Handover.AllAsync(open, CloseReason.EdgeDraining, connections.Options.DrainTime, connections.Time, hurry);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "EdgeDraining", Message = "An edge is stopping: asking its {Connections} connections to reconnect through another.")]
        public static partial void Draining(ILogger logger, int connections);
    }
}
