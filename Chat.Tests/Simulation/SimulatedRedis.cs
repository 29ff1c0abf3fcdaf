namespace Chat.Tests.Simulation;

/// <summary>A Redis in which all is lost that a test wants lost: the last so many writes, everything, what its channels carry.</summary>
/// <remarks>Values do not change: a write puts another one in their place, and the journal has the one before. So a server that comes back
/// older is the same one with the last writes undone, in whole commands, as a data file or a replica has them.</remarks>
internal sealed partial class SimulatedRedis(World world, Model model, int kept) : IActor
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);
    private readonly List<(string Key, object? Before)> _journal = [];
    private readonly List<int> _commands = []; // where in the journal each that wrote something begins
    private readonly List<SimulatedLink> _links = [];
    private readonly Queue<Request> _late = new(); // what came over links that were given up since
    private int _lives = 1;
    private long _lastMicrosecond;

    public string Life => "l" + _lives;

    public bool IsRunning { get; private set; } = true;

    /// <summary>As by SIGSTOP.</summary>
    public bool IsPaused { get; set; }

    public bool IsServing => IsRunning && !IsPaused;

    /// <summary>Of so many messages on a channel, one does not reach a subscriber; 0: all do.</summary>
    public int LosesOneIn { get; set; }

    /// <summary>How many writes could be undone.</summary>
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

    /// <summary>Runs a command, or a script: nothing comes between.</summary>
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

    private SimulatedLink? _from; // whose command runs

    /// <summary>It ends; all links to it do.</summary>
    /// <param name="lost">How many of its last writes are not there when it comes back.</param>
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

    /// <summary>All is gone, and nobody is told.</summary>
    public void Flush()
    {
        _values.Clear();
        _journal.Clear();
        _commands.Clear();
        model.OnFlushed();
        model.OnLost(this);
    }

    /// <summary>The server forgets what a node has subscribed to: all of it, or one channel. That on which heads are told stays, or nothing
    /// would be left to show that another is deaf: of two channels lost at once nothing is promised while the tick's is not among them.</summary>
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

    /// <summary>Links of a node that is no more.</summary>
    public void Forget(SimulatedNode node) => _links.RemoveAll(link => link.Node == node);

    // Of the two times that a node tells a head, one comes through: more is not promised.
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

    // Two that it gives are never the same, as with epochs of one log.
    private long Microsecond() => _lastMicrosecond = Math.Max(_lastMicrosecond + 1, world.Microseconds);
}
