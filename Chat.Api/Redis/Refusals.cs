using ServiceDefaults;

namespace Chat.Api.Redis;

/// <summary>Says that servers refuse something, but collects refusals in between: a server that is out of memory refuses every message,
/// and while a cluster is down, each channel is refused once a tick.</summary>
/// <param name="time">Tells when it is time to say it.</param>
/// <param name="say">Says how often something was refused since its last call, and the latest error.</param>
internal sealed class Refusals(TimeProvider time, Action<long, string> say)
{
    private readonly NowAndThen _says = new(time);
    private readonly Lock _gate = new(); // guards what follows
    private long _count; // refusals not said yet
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
                say(_count, _last);
                _count = 0;
            }
        }
    }
}
