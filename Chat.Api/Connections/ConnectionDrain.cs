using Chat.Api.Nodes;

namespace Chat.Api.Connections;

/// <summary>Hands the clients of a stopping node over to other nodes.</summary>
/// <remarks>First the registry learns of it, so that nobody new comes. Then clients are closed over <see cref="ConnectionOptions.DrainTime"/>, in
/// random order; each may name the pause after which it comes back, so that those closed together do not return together.
/// What waits in an outbox goes out first.</remarks>
internal sealed partial class ConnectionDrain
{
    private static readonly TimeSpan AnnounceTime = TimeSpan.FromSeconds(1); // Redis may be away
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(22); // all in all; the host needs a moment more, and is to be gone after 25 s

    private readonly ConnectionTable _connections;
    private readonly NodeDrain _drain;
    private readonly ILogger _logger;
    private readonly Lazy<Task> _run;
    private readonly TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConnectionDrain(ConnectionTable connections, NodeDrain drain, ILogger<ConnectionDrain> logger)
    {
        _connections = connections;
        _drain = drain;
        _logger = logger;
        _run = new Lazy<Task>(DrainAsync);
    }

    /// <summary>Returns when every connection has ended, or has had the time to. Whoever calls it again waits for the first call.</summary>
    public Task RunAsync() => _run.Value;

    /// <summary>From now on nobody is waited for: what is still open is closed at once.</summary>
    public void Hurry() => _hurry.TrySetResult();

    private async Task DrainAsync()
    {
        var time = _connections.Time;
        var began = time.GetTimestamp();
        _drain.Begin();
        await _drain.Announced.WaitAsync(AnnounceTime, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        var options = _connections.Options;
        var open = _connections.All.ToArray();
        Random.Shared.Shuffle(open);
        Log.Draining(_logger, open.Length);
        var steps = Math.Max(1, (int)(options.DrainTime / Step));
        foreach (var part in open.Chunk(Math.Max(1, (open.Length + steps - 1) / steps)))
        {
            foreach (var connection in part)
            {
                Close(connection, CloseReason.Draining);
            }

            if (part.Length < open.Length)
            {
                await PauseAsync(Step);
            }
        }

        var closed = time.GetTimestamp();
        while (!_hurry.Task.IsCompleted && _connections.All.Any() && time.GetElapsedTime(closed) < options.CloseTimeout && time.GetElapsedTime(began) < MostTime)
        {
            await PauseAsync(Step / 2);
        }
    }

    private Task<Task> PauseAsync(TimeSpan pause) => Task.WhenAny(_hurry.Task, Task.Delay(pause, _connections.Time, CancellationToken.None));

    /// <summary>Closes a connection whose client is to come back, to another node.</summary>
    public static void Close(Connection connection, CloseReason reason)
    {
        if (connection.Format.Reconnect(Random.Shared.NextDouble() * LongestPause) is { } frame)
        {
            connection.Enqueue(frame);
        }

        connection.Close(reason);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "Draining", Message = "Stopping: asking {Connections} connections to reconnect elsewhere.")]
        public static partial void Draining(ILogger logger, int connections);
    }
}
