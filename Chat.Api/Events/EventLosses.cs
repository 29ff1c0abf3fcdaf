using Chat.Api.Messages;

namespace Chat.Api.Events;

/// <summary>Logs that there was no room for events. It gathers losses into few lines, because large losses affect many topics.</summary>
internal sealed partial class EventLosses : IDisposable
{
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10); // between two lines

    private readonly Lock _gate = new(); // guards everything below
    private readonly TimeProvider _time;
    private readonly ILogger<EventLosses> _logger;
    private readonly ITimer _timer;
    private long? _saidAt; // a timestamp
    private long _count; // losses not logged yet; the timer runs if there are any
    private (long Count, string Topic) _most;

    public EventLosses(TimeProvider time, ILogger<EventLosses> logger)
    {
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => Say(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(long count, Topic topic)
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                var pause = _saidAt is { } at ? Pause - _time.GetElapsedTime(at) : TimeSpan.Zero;
                _timer.Change(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }

            _count += count;
            if (count > _most.Count)
            {
                _most = (count, topic.Name);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        Say();
    }

    private void Say()
    {
        lock (_gate)
        {
            if (_count > 0)
            {
                Log.Dropped(_logger, _count, _most.Count, _most.Topic);
                (_saidAt, _count, _most) = (_time.GetTimestamp(), 0, default);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, EventName = "EventsDropped", Message = "{Count} events were dropped, the oldest of their topics, {Most} of them of {Topic}: more wait than Events:QueueLength, Events:QueueBytes or Events:TotalBytes allow.")]
        public static partial void Dropped(ILogger logger, long count, long most, string topic);
    }
}
