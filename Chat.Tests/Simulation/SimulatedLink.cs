namespace Chat.Tests.Simulation;

/// <summary>A request to Redis: what it does there, and what the node does with the answer.</summary>
/// <param name="Run">Runs at Redis; its result is the answer.</param>
/// <param name="Replied">Runs at the node with the answer. Null if nobody waits for it.</param>
/// <param name="Failed">Runs at the node if the link broke before the answer arrived.</param>
internal sealed record Request(Func<SimulatedRedis, object?> Run, Action<object?>? Replied, Action? Failed)
{
    public long SentAt { get; set; }
}

/// <summary>A node's connection to Redis. Data arrive in order until the connection breaks; then each end learns of that at a time of its own.</summary>
internal sealed class SimulatedLink : IActor
{
    private const int MostInRound = 4; // most arrivals that are read together

    private readonly World _world;
    private readonly SimulatedRedis _redis;
    private readonly SimulatedNode _node;
    private readonly ILinkOwner _owner;
    private readonly Queue<Request> _sent = new();
    private readonly Queue<Action> _arriving = new();
    private readonly Queue<Request> _owed = new();
    private bool _isEnding; // the server is gone, but data that have arrived can still be read
    private ITimer? _retry;

    public SimulatedLink(World world, SimulatedRedis redis, SimulatedNode node, ILinkOwner owner)
    {
        (_world, _redis, _node, _owner) = (world, redis, node, owner);
        world.Add(this);
        redis.Add(this);
    }

    public bool IsUp { get; private set; }

    public string Life { get; private set; } = "";

    public long UpSince { get; private set; }

    /// <summary>The channels to which the server considers this link subscribed.</summary>
    public HashSet<string> Channels { get; } = new(StringComparer.Ordinal);

    /// <summary>Nodes whose latest message on the channel of heads did not reach this link.</summary>
    public HashSet<string> HeadsLost { get; } = new(StringComparer.Ordinal);

    /// <summary>Until this time nothing arrives at the node.</summary>
    public long SlowUntil { get; set; }

    public SimulatedNode Node => _node;

    public bool CanAct => IsUp && ((CanArrive && (_arriving.Count > 0 || _isEnding)) || CanExecute);

    public long NextDue => SlowUntil > _world.Now ? SlowUntil : long.MaxValue;

    private bool CanArrive => !_node.Process.IsFrozen && !_node.IsCut && SlowUntil <= _world.Now;

    private bool CanExecute => !_isEnding && _sent.Count > 0 && _redis.IsServing && !_node.IsCut;

    /// <summary>Connects now if possible, or else a little later.</summary>
    public void Connect()
    {
        if (IsUp || _node.Process.IsDead)
        {
            return;
        }

        if (!_redis.IsServing || _node.IsCut)
        {
            Retry();
            return;
        }

        Life = _world.Fault == Fault.LifeUnchecked ? "l1" : _redis.Life;
        UpSince = _world.Now;
        IsUp = true;
        _owner.OnUp(this);
    }

    /// <summary>Sends a request. False means that the link is down and nothing was sent.</summary>
    public bool TrySend(Func<SimulatedRedis, object?> run, Action<object?>? replied = null, Action? failed = null)
    {
        _world.CheckThread();
        if (!IsUp)
        {
            return false;
        }

        var request = new Request(run, replied, failed) { SentAt = _world.Now };
        _sent.Enqueue(request);
        _owed.Enqueue(request);
        return true;
    }

    /// <summary>Delivers something that Redis sends without a request.</summary>
    public void Push(Action arrival)
    {
        if (IsUp && !_isEnding)
        {
            _arriving.Enqueue(arrival);
        }
    }

    public bool IsOverdue(TimeSpan timeout) => _owed.TryPeek(out var first) && _world.Now - first.SentAt > timeout.Ticks;

    /// <summary>Called when the server is gone. The last data that it sent may or may not arrive.</summary>
    public void End()
    {
        Channels.Clear();
        _sent.Clear();
        _isEnding = IsUp;
        var arrives = _world.Dice.Next(_arriving.Count + 1);
        Shorten(arrives);
    }

    /// <summary>Ends the link from the node's side. Requests that were sent may still reach Redis.</summary>
    public void Break()
    {
        if (!IsUp)
        {
            return;
        }

        Channels.Clear();
        if (!_isEnding && _sent.Count > 0 && !_world.Dice.OneIn(3))
        {
            _redis.Receive([.. _sent]);
        }

        _sent.Clear();
        _arriving.Clear();
        _isEnding = false;
        IsUp = false;
        if (_node.Process.IsDead)
        {
            return;
        }

        _world.Trace($"{_node.Id} {_owner.Name} down");
        while (_owed.TryDequeue(out var request))
        {
            request.Failed?.Invoke();
        }

        _owner.OnDown();
        Retry();
    }

    public void Act()
    {
        if (CanExecute && (_arriving.Count == 0 || !CanArrive || _world.Dice.OneIn(2)))
        {
            Execute();
            return;
        }

        _node.Process.Run(() =>
        {
            if (_arriving.Count == 0)
            {
                Break(); // everything is read, up to the end
                return;
            }

            _owner.OnRound(() =>
            {
                for (var most = _world.Dice.Next(1, MostInRound + 1); most > 0 && _arriving.TryDequeue(out var arrival); most--)
                {
                    arrival();
                }
            });
        });
    }

    private void Execute()
    {
        var request = _sent.Dequeue();
        var answer = _redis.Execute(request.Run, this);
        _arriving.Enqueue(() =>
        {
            if (_owed.TryDequeue(out var owed) && owed != request)
            {
                _world.Violate("an answer came out of order");
            }

            request.Replied?.Invoke(answer);
        });
    }

    private void Shorten(int count)
    {
        var kept = _arriving.Take(count).ToArray();
        _arriving.Clear();
        foreach (var arrival in kept)
        {
            _arriving.Enqueue(arrival);
        }
    }

    private void Retry()
    {
        _retry?.Dispose();
        _retry = _node.Process.Clock.CreateTimer(_ => Connect(), null, TimeSpan.FromMilliseconds(20 + _world.Dice.Next(200)), Timeout.InfiniteTimeSpan);
    }
}

/// <summary>The part of the node that a link serves.</summary>
internal interface ILinkOwner
{
    string Name { get; }

    void OnUp(SimulatedLink link);

    void OnDown();

    /// <summary>Reads the arrivals, and then does the work that belongs at the end of a round.</summary>
    void OnRound(Action read);
}
