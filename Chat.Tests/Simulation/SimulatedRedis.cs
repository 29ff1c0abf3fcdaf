namespace Chat.Tests.Simulation;

/// <summary>A Redis that loses data as a test wants: a number of its last writes, everything, or messages on its channels.</summary>
/// <remarks>Values do not change: a write replaces a value, and the journal keeps the one before. A server that comes back with older data is the
/// same one with its last writes undone, in whole commands, like the state of a data file or a replica.</remarks>
internal sealed partial class SimulatedRedis(World world, Model model, int kept) : IActor
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);
    private readonly List<(string Key, object? Before)> _journal = [];
    private readonly List<int> _commands = []; // index in the journal at which each writing command begins
    private readonly List<SimulatedLink> _links = [];
    private readonly Queue<Request> _late = new(); // requests that arrive over links that were given up meanwhile
    private int _lives = 1;
    private long _lastMicrosecond;

    public string Life => "l" + _lives;

    public bool IsRunning { get; private set; } = true;

    /// <summary>Whether it is stopped, as by SIGSTOP.</summary>
    public bool IsPaused { get; set; }

    public bool IsServing => IsRunning && !IsPaused;

    /// <summary>One message on a channel out of this many does not reach a subscriber; 0: all do.</summary>
    public int LosesOneIn { get; set; }

    /// <summary>The number of writes that can be undone.</summary>
    public int Writes => _commands.Count;

    public bool CanAct => IsServing && _late.Count > 0;

    public void Act() => Execute(_late.Dequeue().Run, null);

    public void Add(SimulatedLink link) => _links.Add(link);

    public void Receive(IEnumerable<Request> late)
    {
        foreach (var request in late)
        {
            _late.Enqueue(request);
        }
    }

    /// <summary>Runs a command or a script atomically.</summary>
    public object? Execute(Func<SimulatedRedis, object?> run, SimulatedLink? from)
    {
        _from = from;
        var before = _journal.Count;
        var answer = run(this);
        if (_journal.Count > before)
        {
            _commands.Add(before);
        }

        return answer;
    }

    private SimulatedLink? _from; // the link whose command runs

    /// <summary>Ends the server and all links to it.</summary>
    /// <param name="lost">The number of last writes that are missing when it comes back.</param>
    public void Kill(int lost)
    {
        IsRunning = false;
        IsPaused = false;
        _late.Clear();
        _links.ForEach(link => link.End());
        Undo(lost);
    }

    public void Start()
    {
        if (!IsRunning)
        {
            IsRunning = true;
            _lives++;
            model.OnLife();
        }
    }

    /// <summary>Removes all data without telling anybody.</summary>
    public void Flush()
    {
        _values.Clear();
        _journal.Clear();
        _commands.Clear();
        model.OnFlushed();
        model.OnLost(this);
    }

    /// <summary>Makes the server forget a node's subscriptions: all of them, or one channel. The channel of heads stays, or nothing would be left to
    /// show that another one is deaf: nothing is promised when two channels are lost at once and the tick's is not among them.</summary>
    public void Deafen(SimulatedLink link, bool all)
    {
        if (all)
        {
            link.Channels.Clear();
            return;
        }

        string[] channels = [.. link.Channels.Where(channel => channel != "heads").Order(StringComparer.Ordinal)];
        if (channels.Length > 0)
        {
            link.Channels.Remove(channels[world.Dice.Next(channels.Length)]);
        }
    }

    public void Subscribe(string channel) => _from?.Channels.Add(channel);

    public void Unsubscribe(string channel) => _from?.Channels.Remove(channel);

    public long CountSubscribers(string channel) => _links.Count(link => link.Channels.Contains(channel));

    public void Publish(string channel, byte[] message)
    {
        foreach (var link in _links)
        {
            if (!link.Channels.Contains(channel))
            {
                continue;
            }

            if (IsLost(link, channel))
            {
                world.Trace($"{channel} does not reach {link.Node.Id}");
                model.OnNewsLost();
                continue;
            }

            link.Push(() => link.Node.Backplane.OnMessage(channel, message));
        }
    }

    /// <summary>Removes the links of a node that is gone.</summary>
    public void Forget(SimulatedNode node) => _links.RemoveAll(link => link.Node == node);

    // A node tells each head twice, and one of the two gets through: more losses than that are not covered by the promise.
    private bool IsLost(SimulatedLink link, string channel)
    {
        var teller = _from?.Node.Id ?? "";
        if (LosesOneIn == 0 || !world.Dice.OneIn(LosesOneIn))
        {
            if (channel == "heads")
            {
                link.HeadsLost.Remove(teller);
            }

            return false;
        }

        return channel != "heads" || link.HeadsLost.Add(teller) || !link.HeadsLost.Remove(teller);
    }

    private T? Get<T>(string key) where T : class => _values.TryGetValue(key, out var value) ? (T)value : null;

    private void Set(string key, object? value)
    {
        _journal.Add((key, _values.GetValueOrDefault(key)));
        Put(key, value);
    }

    private void Put(string key, object? value)
    {
        if (value is null)
        {
            _values.Remove(key);
        }
        else
        {
            _values[key] = value;
        }
    }

    private void Undo(int commands)
    {
        if (commands <= 0 || _commands.Count == 0)
        {
            return;
        }

        commands = Math.Min(commands, _commands.Count);
        var from = _commands[^commands];
        for (var i = _journal.Count - 1; i >= from; i--)
        {
            Put(_journal[i].Key, _journal[i].Before);
        }

        _journal.RemoveRange(from, _journal.Count - from);
        _commands.RemoveRange(_commands.Count - commands, commands);
        model.OnLost(this);
    }

    // Never returns the same value twice, like the epochs of one log.
    private long Microsecond() => _lastMicrosecond = Math.Max(_lastMicrosecond + 1, world.Microseconds);
}
