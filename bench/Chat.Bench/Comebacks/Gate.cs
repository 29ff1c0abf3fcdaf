namespace Chat.Bench.Comebacks;

/// <summary>An edge: its tokens, its places, and the clients that wait for a place.</summary>
internal sealed class Gate(ComebackSettings settings)
{
    private const double Step = 0.1; // seconds between two fillings of the bucket
    private const double LongestWait = 2; // seconds, as at the edge

    private readonly Queue<int> _waiting = new();
    private readonly Dictionary<int, double> _waits = []; // by client, the end of its wait
    private double _tokens = settings.PerSecond; // full, as after a quiet second
    private double _filledAt;
    private int _inside;

    /// <summary>The time until which its CPU is busy.</summary>
    public double BusyUntil;

    public bool TryTakeToken(double now)
    {
        if (settings.PerSecond == 0)
        {
            return true;
        }

        var steps = Math.Floor(Math.Max(0, now - _filledAt) / Step);
        _tokens = Math.Min(settings.PerSecond, _tokens + (steps * settings.PerSecond * Step));
        _filledAt += steps * Step;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }

    public bool TryEnter()
    {
        if (settings.AtOnce != 0 && _inside >= settings.AtOnce)
        {
            return false;
        }

        _inside++;
        return true;
    }

    /// <summary>Lets a client wait. Returns the end of its wait, or null if too many wait already.</summary>
    public double? TryWait(int client, double now)
    {
        if (_waits.Count >= settings.Waiting)
        {
            return null;
        }

        _waiting.Enqueue(client);
        return _waits[client] = now + LongestWait;
    }

    /// <summary>Frees a place. Returns the waiting client that takes it, or null.</summary>
    public int? Leave()
    {
        while (_waiting.TryDequeue(out var next))
        {
            if (_waits.Remove(next))
            {
                return next;
            }
        }

        _inside--;
        return null;
    }

    /// <summary>Ends the wait of a client if it has waited so long that it is told to come again.</summary>
    public bool TryAbandon(int client, double now) => _waits.TryGetValue(client, out var until) && until <= now && _waits.Remove(client);
}
