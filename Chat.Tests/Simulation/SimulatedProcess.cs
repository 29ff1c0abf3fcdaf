namespace Chat.Tests.Simulation;

/// <summary>One process. Its continuations and timers run when the world decides, one at a time, and not while the process is stopped.</summary>
internal sealed class SimulatedProcess : SynchronizationContext, IActor
{
    private readonly World _world;
    private readonly List<(SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly List<Timer> _timers = [];

    public SimulatedProcess(World world, TimeSpan clockError)
    {
        _world = world;
        Clock = new ProcessClock(this, clockError);
        world.Add(this);
    }

    public TimeProvider Clock { get; }

    /// <summary>Whether it is stopped, as by SIGSTOP.</summary>
    public bool IsFrozen { get; set; }

    public bool IsDead { get; private set; }

    public bool CanAct => !IsFrozen && (_ready.Count > 0 || NextDue <= _world.Now);

    /// <summary>When the next timer is due; never while the process is stopped.</summary>
    public long NextDue
    {
        get
        {
            var due = long.MaxValue;
            if (!IsFrozen)
            {
                foreach (var timer in _timers)
                {
                    due = Math.Min(due, timer.Due);
                }
            }

            return due;
        }
    }

    /// <summary>Ends it like SIGKILL: none of its code ever runs again.</summary>
    public void Kill()
    {
        IsDead = true;
        _ready.Clear();
        _timers.Clear();
        _world.Remove(this);
    }

    /// <summary>Runs a piece of this process's code.</summary>
    public void Run(Action code)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            code();
        }
        catch (Exception exception)
        {
            _world.Violate("an exception where there may be none: " + exception);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        _world.CheckThread();
        if (!IsDead)
        {
            _ready.Add((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    // Runs anything that is ready, in any order, as the threads of a pool do.
    public void Act()
    {
        var timer = Due();
        var choice = _world.Dice.Next(_ready.Count + (timer is null ? 0 : 1));
        if (choice == _ready.Count)
        {
            timer!.Fire();
            return;
        }

        var (callback, state) = _ready[choice];
        _ready.RemoveAt(choice);
        Run(() => callback(state));
    }

    private Timer? Due()
    {
        Timer? first = null;
        foreach (var timer in _timers)
        {
            if (timer.Due <= _world.Now && (first is null || timer.Due < first.Due))
            {
                first = timer;
            }
        }

        return first;
    }

    /// <summary>The clock of its machine. It runs as fast as the others, but may show a wrong time.</summary>
    private sealed class ProcessClock(SimulatedProcess process, TimeSpan error) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => new(process._world.Now + error.Ticks, TimeSpan.Zero);

        public override long GetTimestamp() => process._world.Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class Timer(SimulatedProcess process, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; }

        public void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                Due = process._world.Now + _period.Ticks;
            }
            else
            {
                process._timers.Remove(this);
            }

            process.Run(() => callback(state));
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            process._timers.Remove(this);
            _period = period;
            if (dueTime >= TimeSpan.Zero && !process.IsDead)
            {
                Due = process._world.Now + dueTime.Ticks;
                process._timers.Add(this);
            }

            return true;
        }

        public void Dispose() => process._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
