namespace Chat.Api.Connections;

/// <summary>Closes connections whose clients are to reconnect, to another node.</summary>
internal static class Handover
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Closes connections in random order, spread over a time. A client may be told how long to pause before it reconnects, so
    /// that clients closed together do not return together.</summary>
    /// <param name="connections">Shuffled in place.</param>
    /// <param name="reason">The reason that the clients are told.</param>
    /// <param name="over">The time over which they are spread.</param>
    /// <param name="time">The clock.</param>
    /// <param name="hurry">Once it completes, the remaining connections are closed at once.</param>
    public static async Task AllAsync(Connection[] connections, CloseReason reason, TimeSpan over, TimeProvider time, Task? hurry = null)
    {
        Random.Shared.Shuffle(connections);
        var steps = Math.Max(1, (int)(over / Step));
        foreach (var part in connections.Chunk(Math.Max(1, (connections.Length + steps - 1) / steps)))
        {
            foreach (var connection in part)
            {
                Close(connection, reason);
            }

            if (part.Length < connections.Length)
            {
                var pause = Task.Delay(Step, time, CancellationToken.None);
                await (hurry is null ? pause : Task.WhenAny(hurry, pause));
            }
        }
    }

    public static void Close(Connection connection, CloseReason reason)
    {
        if (connection.Format.Reconnect(Random.Shared.NextDouble() * LongestPause) is { } frame)
        {
            connection.Enqueue(frame);
        }

        connection.Close(reason);
    }
}
