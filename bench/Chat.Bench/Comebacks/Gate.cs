namespace Chat.Bench.Comebacks;

/// <summary>An edge: its tokens, its places, and who waits for one.</summary>
internal sealed class Gate(ComebackSettings settings)
{
    private const double Step = 0.1; // seconds between two fillings of the bucket
    private const double LongestWait = 2; // as the edge's

    private readonly Queue<int> _waiting = new();
    private readonly Dictionary<int, double> _waits = []; // until when
    private double _tokens = settings.PerSecond; // as many at once after a quiet second
    private double _filledAt;
    private int _inside;

    /// <summary>Until when its CPU has work.</summary>
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

    /// <summary>Returns until when it waits; null: too many do.</summary>
    public double? TryWait(int client, double now)
    {
        if (_waits.Count >= settings.Waiting)
        {
            return null;
        }

        _waiting.Enqueue(client);
        return _waits[client] = now + LongestWait;
    }

    /// <summary>Somebody has left: returns who has the place now.</summary>
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

    /// <summary>Whether it has waited for so long that it is told to come again.</summary>
    public bool TryAbandon(int client, double now) => _waits.TryGetValue(client, out var until) && until <= now && _waits.Remove(client);
}
