using Chat.Api.Nodes;

namespace Chat.Api.Connections;

/// <summary>Runs a connection from start to end, whichever endpoint it came through. It is in the table from before it joins anything until it has left everything.</summary>
internal sealed partial class ConnectionRun(ConnectionTable connections, NodeDrain drain, StoppedEdges edges, ILogger<ConnectionRun> logger)
{
    /// <summary>Starts what may last for longer than the request that brought it. Nothing of the request flows along: its span and the server's
    /// log scopes would keep it in memory, and all that it refers to.</summary>
    public static Task StartApart(Func<Task> run)
    {
        using (ExecutionContext.SuppressFlow())
        {
            return run();
        }
    }

    /// <summary>Returns when the connection has ended. An exception from its run is our fault, and closes it as such.</summary>
    /// <param name="connection">The connection. Its client may already know that it is connected.</param>
    /// <param name="run">Joins topics, reads until the end, and returns the reason for it.</param>
    /// <param name="leave">Leaves whatever was joined, however far that got.</param>
    public async Task RunAsync(Connection connection, Func<Task<CloseReason>> run, Action leave)
    {
        var reason = CloseReason.Fault;
        connections.Add(connection);
        try
        {
            if (drain.IsDraining)
            {
                connection.Close(CloseReason.Draining); // it began while this one was on its way, and may have missed it
            }
            else if (edges.Contains(connection.Edge))
            {
                connection.Close(CloseReason.EdgeDraining); // the same
            }

            reason = await run();
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception, connection.Number);
            connection.Close(CloseReason.Fault);
        }
        finally
        {
            // Last out of the table, so that a drain sees it as long as it is there.
            Leave(connection, leave);
            connections.Remove(connection, reason);
            Log.Ended(logger, connection.Number, reason.Code, reason.Text);
        }
    }

    // Nobody may be left to be told: the request is over.
    private void Leave(Connection connection, Action leave)
    {
        try
        {
            leave();
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception, connection.Number);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, EventName = "ConnectionEnded", Message = "Connection {Number} ended: {Code} {Reason}")]
        public static partial void Ended(ILogger logger, long number, int code, string reason);

        [LoggerMessage(Level = LogLevel.Error, EventName = "ConnectionFailed", Message = "Connection {Number} failed.")]
        public static partial void Failed(ILogger logger, Exception exception, long number);
    }
}
