using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

// All faults are repaired and all clients are back. Within its bound each promise has to hold.
internal sealed partial class History
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(500);

    // Deaf subscriptions are found after six ticks and renewed; memberships are looked up every 20 to 25 s (one lookup gives a group back, the
    // next finds it); versions of presence are checked every 30 s; a dead node is swept after 7 + 2 s.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private const int RoundsPerProbe = 6;
    private static readonly TimeSpan BoundWhenCalm = TimeSpan.FromSeconds(8);

    private void Settle()
    {
        _redis.LosesOneIn = 0;
        _redis.Start();
        _redis.IsPaused = false;
        _nodes.ForEach(static node => node.IsCut = node.Process.IsFrozen = false);
        _clients.ForEach(static client => client.IsSlow = false);
        _world.Trace("-- all is mended");
        Await(isProbed: false);
        Await(isProbed: true);
    }

    private void Await(bool isProbed)
    {
        var end = _world.Now + (_model.IsCalm ? BoundWhenCalm : Bound).Ticks;
        string? broken;
        var round = 0;
        do
        {
            foreach (var client in _clients)
            {
                if (client.Current is null)
                {
                    client.Connect(_nodes[_world.Dice.Next(_nodes.Count)]);
                }
            }

            foreach (var group in isProbed && round++ % RoundsPerProbe == 0 ? Groups : [])
            {
                Probe("group:" + group); // repeated, since a link may still break, or a client may come too late for the first one
            }

            _world.Advance(Round);
            broken = _world.IsOver ? null : BrokenPromise(isProbed);
        }
        while (broken is not null && _world.Now < end);

        if (broken is not null)
        {
            _world.Violate(broken);
        }
    }

    // Publishes one more message, which must reach all who are in the topic and nobody else.
    private void Probe(string topic)
    {
        var node = _nodes[_world.Dice.Next(_nodes.Count)];
        node.Probe(Topic.Parse(topic)!);
    }

    private string? BrokenPromise(bool isProbed)
    {
        foreach (var topic in _model.Topics)
        {
            if (BrokenLog(topic) is { } broken)
            {
                return broken;
            }
        }

        foreach (var client in _clients)
        {
            if ((client.Topic is null ? BrokenHub(client, isProbed) : BrokenTopic(client, client.Topic.Name, isProbed)) is { } broken)
            {
                return broken;
            }
        }

        return _hasPresence && !_model.MayHaveGhosts ? BrokenPresence() : null;
    }

    private string? BrokenLog(string topic)
    {
        foreach (var said in _model.In(topic))
        {
            if (!said.IsLost && !_redis.HasHad(topic, said.Epoch, said.Offset))
            {
                return $"{said.Id} at {said.Epoch}:{said.Offset} of {topic} is gone from the log, though Redis lost nothing";
            }
        }

        return null;
    }

    private string? BrokenHub(SimulatedClient client, bool isProbed)
    {
        foreach (var group in Groups)
        {
            if (client.Current is not { IsOpen: true, Hub: { } hub })
            {
                return $"{client.Name} is not connected";
            }

            var isIn = hub.TryFind(group, out _);
            if ((_redis.IsInGroup(client.User, group) ?? false) != isIn)
            {
                return $"{client.Name} is {(isIn ? "still" : "not")} in {group} on this device, the user is {(isIn ? "not" : "")}";
            }

            if (client.Current.Node.HearsSignals(hub, group) != isIn)
            {
                return $"{client.Name} is {(isIn ? "" : "not")} in {group}, and hears {(isIn ? "not" : "still")} its signals";
            }

            if (isIn && BrokenTopic(client, "group:" + group, isProbed) is { } broken)
            {
                return broken;
            }
        }

        return null;
    }

    private string? BrokenTopic(SimulatedClient client, string topic, bool isProbed)
    {
        if (client.View(topic) is not { } view)
        {
            // A user who was put into a group while away is told nothing of it before the next message.
            return isProbed || client.Topic is not null ? $"{client.Name} hears nothing of {topic}" : null;
        }

        var (_, _, last) = _redis.Where(topic);
        if (view.Connection != client.Current?.Number || (isProbed && view.Offset != last))
        {
            return $"{client.Name} stands at {view.Offset} of {topic}, the log at {last}";
        }

        return view.Misses(_model.In(topic), isProbed) is { } missing ? $"{client.Name} {missing} of {topic}" : null;
    }

    private string? BrokenPresence()
    {
        var present = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var client in _clients)
        {
            if (client.Current is { } current && (client.Topic is null ? current.Hub!.TryFind("a", out _) : current.Member is { IsIn: true }))
            {
                present.Add(client.User);
            }
        }

        var stored = _redis.ReadPresence("group:a", int.MaxValue).Members!.Select(member => member.Id).ToArray();
        if (!present.SetEquals(stored))
        {
            return $"{string.Join(", ", present)} are in a, Redis has {string.Join(", ", stored)}";
        }

        foreach (var client in _clients.Where(client => client.Watches))
        {
            if (client.Present is null || !present.SetEquals(client.Present))
            {
                return $"{string.Join(", ", present)} are in a, {client.Name} was told {string.Join(", ", client.Present ?? [])}";
            }
        }

        return null;
    }
}
