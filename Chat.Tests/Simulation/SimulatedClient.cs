using System.Globalization;
using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

/// <summary>A device. It knows which messages it has, resumes from there, sends unacknowledged messages again, and checks that it is told everything.</summary>
internal sealed partial class SimulatedClient : IActor
{
    private readonly World _world;
    private readonly Model _model;
    private readonly SortedDictionary<string, TopicView> _views = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Line>> _joining = new(StringComparer.Ordinal); // with the lines that arrived meanwhile
    private readonly List<(string Topic, string Id)> _unconfirmed = [];
    private readonly List<Said> _deletions = []; // those it has heard of
    private int _messages;
    private long _presentVersion;

    public SimulatedClient(World world, Model model, string user, string name, Topic? topic, bool watches)
    {
        (_world, _model, User, Name, Topic, Watches) = (world, model, user, name, topic, watches);
        world.Add(this);
    }

    public string User { get; }

    public string Name { get; }

    /// <summary>The one topic of a raw client. Null for a client of the hub.</summary>
    public Topic? Topic { get; }

    public bool Watches { get; }

    public SimulatedConnection? Current { get; private set; }

    /// <summary>Whether it has stopped reading.</summary>
    public bool IsSlow { get; set; }

    public IEnumerable<TopicView> Views => _views.Values;

    /// <summary>The users it believes to be in its topic. Null while it has no list.</summary>
    public SortedSet<string>? Present { get; private set; }

    public bool CanAct => Current is { } current && (current.Socket.IsGone || current.Socket.HasLines) && !(IsSlow && !current.Socket.IsGone);

    public TopicView? View(string topic) => _views.GetValueOrDefault(topic);

    public void Act()
    {
        var current = Current!;
        if (!current.Socket.HasLines)
        {
            Disconnect(); // everything is read, up to the end
            return;
        }

        for (var most = _world.Dice.Next(1, 6); most > 0 && Current == current && current.Socket.HasLines; most--)
        {
            Line line = default;
            current.Node.Process.Run(() => line = current.Socket.Read()); // reading may make room for data that wait in the socket
            if (_world.IsTraced)
            {
                _world.Trace($"{Name} reads {line}");
            }

            Read(line);
        }
    }

    /// <summary>Connects to a node, with the positions it has reached.</summary>
    /// <param name="node">The node.</param>
    /// <param name="forgotten">How many of the last messages it has not kept.</param>
    /// <param name="invented">Whether its positions belong to no log.</param>
    public void Connect(SimulatedNode node, int forgotten = 0, bool invented = false)
    {
        var since = new Dictionary<string, LogPosition>(StringComparer.Ordinal);
        foreach (var view in _views.Values)
        {
            view.Forget(forgotten);
            since[view.Topic] = new LogPosition(invented ? "invented" : view.Epoch, view.Offset);
        }

        var socket = new SimulatedSocket(_world, isStream: Topic is null && _world.Dice.OneIn(3), line =>
        {
            if (Topic is null)
            {
                _model.CheckHears(User, line);
            }
        });
        Current = new SimulatedConnection(User, node, socket) { Since = since };
        Present = null;
        _presentVersion = 0;
        _world.Trace($"{Name} connects to {node.Id} since {string.Join(", ", since.Select(one => $"{one.Key} {one.Value.Epoch}:{one.Value.Offset}"))}");
        if (Topic is null)
        {
            node.AcceptHub(Current);
        }
        else
        {
            node.AcceptRaw(Current, Topic, Watches);
        }
    }

    public void Disconnect()
    {
        if (Current is { } current)
        {
            _world.Trace($"{Name} is off");
            Current = null;
            _joining.Clear();
            current.Node.Leave(current);
        }
    }

    /// <summary>Posts to a topic. On request it posts an unacknowledged message again, if there is one.</summary>
    public void Post(string topic, bool again)
    {
        if (Current is not { IsOpen: true } current || current.Node.Process.IsDead)
        {
            return;
        }

        var message = again && _unconfirmed.Count > 0
            ? _unconfirmed[_world.Dice.Next(_unconfirmed.Count)]
            : (topic, string.Create(CultureInfo.InvariantCulture, $"{Name}-{++_messages}"));
        if (!_unconfirmed.Contains(message))
        {
            _unconfirmed.Add(message);
        }

        current.Node.Publish(current, Chat.Api.Messages.Topic.Parse(message.Item1)!, message.Item2, isAcknowledged =>
        {
            _world.Trace($"{Name} is {(isAcknowledged ? "" : "not ")}acknowledged {message.Item2}");
            if (isAcknowledged && Current == current)
            {
                _unconfirmed.Remove(message);
            }
        });
    }

    public void Join(string group)
    {
        if (Current is { IsOpen: true, Hub: not null } current && !current.Node.Process.IsDead
            && !_views.ContainsKey("group:" + group) && _joining.TryAdd("group:" + group, []))
        {
            _world.Trace($"{Name} joins {group}");
            current.Node.Join(current, group);
        }
    }

    public void Leave(string group)
    {
        if (Current is { IsOpen: true, Hub: not null } current && !current.Node.Process.IsDead)
        {
            _world.Trace($"{Name} leaves {group}");
            current.Node.LeaveGroup(current, group);
        }
    }
}
