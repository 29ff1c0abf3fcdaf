using Chat.Api.Nodes;

namespace Chat.Api.Connections;

/// <summary>Runs a connection from start to end, whichever endpoint it came through. The connection is in the table from before it joins
/// anything until it has left everything.</summary>
internal sealed partial class ConnectionRun(ConnectionTable connections, NodeDrain drain, StoppedEdges edges, ILogger<ConnectionRun> logger)
{
    /// <summary>Starts a run that may last longer than the request that brought it. Nothing of the request flows along: its span and the
    /// server's log scopes would keep in memory the request and everything it refers to.</summary>
    public static Task StartApart(Func<Task> run)
    {
        using (ExecutionContext.SuppressFlow())
        {
            return run();
        }
    }

    /// <summary>Returns when the connection has ended. An exception from the run is our fault, and closes the connection as such.</summary>
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
                connection.Close(CloseReason.Draining); // the drain began while this connection was on its way, and may have missed it
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
            // Out of the table last, so that a drain sees the connection for as long as it exists.
            Leave(connection, leave);
            connections.Remove(connection, reason);
            Log.Ended(logger, connection.Number, reason.Code, reason.Text);
        }
    }

    // The exception is only logged: the request is over, so there may be nobody left to tell.
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
