using ServiceDefaults;

namespace Chat.Api.Redis;

/// <summary>Says that servers do not let this node subscribe, and gathers what is to be said: while a cluster is down, each channel is refused
/// once a tick.</summary>
internal sealed class SubscribeRefusals(TimeProvider time, ILogger logger)
{
    private readonly NowAndThen _says = new(time);
    private readonly Lock _gate = new(); // guards what follows
    private long _count; // that nothing was said of
    private string _last = "";

    public void Add(string error)
    {
        lock (_gate)
        {
            _count++;
            _last = error;
        }
    }

    /// <summary>Called once a tick.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            if (_count > 0 && _says.IsTime())
            {
                SubscriptionLog.Refused(logger, _count, _last);
                _count = 0;
            }
        }
    }
}
