using Chat.Api.Nodes;
using ServiceDefaults;

namespace Chat.Api.Connections;

/// <summary>Hands the clients of a node over to other nodes when the node stops or somebody drains it.</summary>
/// <remarks>First the registry learns of it, so that no new clients come. Then clients are closed over
/// <see cref="ConnectionOptions.DrainTime"/>, as <see cref="Handover"/> does it. Frames that wait in an outbox go out first.</remarks>
internal sealed partial class ConnectionDrain : IDrain
{
    private static readonly TimeSpan AnnounceTime = TimeSpan.FromSeconds(1); // Redis may be away
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(22); // for the whole drain; the host needs a moment more, and must be gone after 25 s

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

    public Task RunAsync() => _run.Value;

    /// <summary>Closes at once what is still open.</summary>
    public void Hurry() => _hurry.TrySetResult();

    private async Task DrainAsync()
    {
        var time = _connections.Time;
        var began = time.GetTimestamp();
        _drain.Begin();
        await _drain.Announced.WaitAsync(AnnounceTime, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        var options = _connections.Options;
        var open = _connections.All.ToArray();
        Log.Draining(_logger, open.Length);
        await Handover.AllAsync(open, CloseReason.Draining, options.DrainTime, time, _hurry.Task);

        var closed = time.GetTimestamp();
        while (!_hurry.Task.IsCompleted && _connections.All.Any() && time.GetElapsedTime(closed) < options.CloseTimeout && time.GetElapsedTime(began) < MostTime)
        {
            await Task.WhenAny(_hurry.Task, Task.Delay(Step, time, CancellationToken.None));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, EventName = "Draining", Message = "Draining: asking {Connections} connections to reconnect elsewhere.")]
        public static partial void Draining(ILogger logger, int connections);
    }
}
