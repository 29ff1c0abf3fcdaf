using System.Text;

namespace Chat.Tests.Simulation;

/// <summary>Anything that can do the next thing: a process that has work, a link with data under way, a client with something to read.</summary>
internal interface IActor
{
    bool CanAct { get; }

    /// <summary>When it can act by itself, even if nothing else happens.</summary>
    long NextDue => long.MaxValue;

    void Act();
}

/// <summary>The one clock and the one scheduler of a simulated cluster. The dice decide which of all possible events happens next.</summary>
/// <remarks>Everything runs on one thread, so that the seed alone determines the history.</remarks>
internal sealed class World
{
    private const int MostEvents = 60_000; // a history has about a thousand; not coming to rest is a fault of its own
    private const int MostMicroseconds = 400; // longest time of one event

    private readonly List<IActor> _actors = [];
    private readonly List<IActor> _able = [];
    private readonly StringBuilder? _trace;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _events;

    public World(Fault fault, bool isTraced)
    {
        Fault = fault;
        _trace = isTraced ? new StringBuilder() : null;
    }

    /// <summary>The fault put in on purpose.</summary>
    public Fault Fault { get; }

    public Dice Dice { get; set; } = new(0);

    /// <summary>The simulated time in ticks, as in <see cref="DateTime"/>.</summary>
    public long Now { get; private set; } = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>Microseconds since 1970, as Redis gives the time.</summary>
    public long Microseconds => (Now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The first promise that was found broken, or null.</summary>
    public string? Violation { get; private set; }

    public bool IsOver => Violation is not null;

    public bool IsTraced => _trace is not null;

    public string TraceText => _trace?.ToString() ?? "";

    public int Events => _events;

    public void Add(IActor actor) => _actors.Add(actor);

    public void Remove(IActor actor) => _actors.Remove(actor);

    public void Violate(string what)
    {
        if (Violation is null)
        {
            Violation = what;
            Trace($"VIOLATION: {what}");
        }
    }

    public void Trace(string what) => _trace?.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Now % TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond,12} {what}\n");

    /// <summary>Checks that the code runs on the simulation's thread, since the order of code on other threads is not determined by the seed.</summary>
    public void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            Violate("something ran on another thread than the simulation's: " + Environment.StackTrace);
        }
    }

    /// <summary>Runs up to this many events, without waiting for any timer.</summary>
    public void Run(int events)
    {
        while (events-- > 0 && !IsOver && TryAct())
        {
        }
    }

    /// <summary>Lets time pass and runs all events that happen in it.</summary>
    public void Advance(TimeSpan time)
    {
        var end = Now + time.Ticks;
        while (!IsOver)
        {
            if (Now < end && TryAct())
            {
                continue;
            }

            var due = end;
            foreach (var actor in _actors)
            {
                due = Math.Min(due, actor.NextDue);
            }

            if (Now >= end)
            {
                return;
            }

            Now = Math.Max(Now, due);
        }
    }

    private bool TryAct()
    {
        _able.Clear();
        foreach (var actor in _actors)
        {
            if (actor.CanAct)
            {
                _able.Add(actor);
            }
        }

        if (_able.Count == 0)
        {
            return false;
        }

        if (++_events > MostEvents)
        {
            Violate("it does not come to rest");
            return false;
        }

        Now += (1 + Dice.Next(MostMicroseconds)) * TimeSpan.TicksPerMicrosecond;
        _able[Dice.Next(_able.Count)].Act();
        return true;
    }
}
