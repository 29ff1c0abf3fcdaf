using System.Globalization;
using System.Text;
using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

/// <summary>A message, or a removal, that Redis once had.</summary>
internal sealed record Said(string Topic, string Epoch, int EpochNumber, long Offset, string Id, string From, bool IsRemoval, long Generation, int Number, long At)
{
    /// <summary>Whether Redis came back without it.</summary>
    public bool IsLost { get; set; }

    /// <summary>Only for the notice of a deletion: the message that was deleted.</summary>
    public Said? Deletes { get; init; }

    /// <summary>The nodes that were told that it is published, and that told their client so.</summary>
    public List<SimulatedNode> AcknowledgedTo { get; } = [];

    /// <summary>Only for a removal: Redis lost every trace of the leave before the removal was in the log, so the user may be taken to be in.</summary>
    public bool IsUnmarked { get; set; }

    /// <summary>Whether it was sent again after the log had forgotten it, so that it arrives twice.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>Whether a node tells, or has told, the others how far the log goes: some node knows that the message is published, and is alive.</summary>
    public bool IsTold => IsAcknowledged && !AcknowledgedTo.Exists(static node => node.Process.IsDead);

    /// <summary>Whether it does not count as a message of the log.</summary>
    public bool IsNotice => IsRemoval || Deletes is not null;

    public bool IsAcknowledged => AcknowledgedTo.Count > 0;

    public bool IsBehind(int epochNumber, long offset) => EpochNumber != epochNumber ? EpochNumber > epochNumber : Offset > offset;
}

/// <summary>The events as an observer sees them who has no network in between. The promises are checked against this model.</summary>
internal sealed class Model(World world, int kept)
{
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan KnownAfter = TimeSpan.FromSeconds(5); // two heartbeats; nodes report in each

    private readonly Dictionary<(string Topic, string Epoch, long Offset), Said> _said = [];
    private readonly Dictionary<string, List<Said>> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Topic, string Epoch), int> _epochs = [];
    private readonly Dictionary<(string User, string Group), long> _joined = [];
    private int _lives = 1;
    private long _flushedAt;

    /// <summary>Whether clients may be told of a hole: Redis or the log no longer has some message, or its lineage has forgotten an epoch.</summary>
    public bool MayHaveHoles { get; private set; }

    /// <summary>Whether the joins and leaves in Redis may be older than the actual ones.</summary>
    public bool MembershipsMayBeLost { get; private set; }

    /// <summary>Whether users of a node that has died may stay present.</summary>
    public bool MayHaveGhosts { get; private set; }

    /// <summary>Whether nothing was lost, cut, stopped or killed, so that everything has to be right soon.</summary>
    public bool IsCalm { get; set; } = true;

    public IEnumerable<string> Topics => _topics.Keys;

    public IReadOnlyList<Said> In(string topic) => _topics.TryGetValue(topic, out var said) ? said : [];

    public Said? Find(string topic, string epoch, long offset) => _said.GetValueOrDefault((topic, epoch, offset));

    /// <summary>The number of an epoch of a log. Later epochs have higher numbers.</summary>
    public int EpochNumber(string topic, string epoch) => _epochs.GetValueOrDefault((topic, epoch), -1);

    public void OnEpoch(string topic, string epoch) => _epochs.Add((topic, epoch), _epochs.Count);

    public void OnLife() => MayHaveHoles |= ++_lives > 4; // a log remembers this many

    /// <summary>Called when a node was killed. If Redis was flushed just before, no node knows that it has to be swept: this case is not promised.</summary>
    public void OnKilled() => MayHaveGhosts |= _flushedAt > 0 && world.Now - _flushedAt < KnownAfter.Ticks;

    /// <summary>Called when Redis has lost everything and nobody was told.</summary>
    public void OnFlushed() => _flushedAt = world.Now;

    public void OnNewsLost() => IsCalm = false;

    public void OnAppended(SimulatedRedis redis, string topic, string epoch, long offset, byte[] utf8, long first)
    {
        if (!Envelope.TryParse(utf8, out var envelope))
        {
            world.Violate("what was published is no envelope");
            return;
        }

        if (!_topics.TryGetValue(topic, out var list))
        {
            _topics[topic] = list = [];
        }

        var said = new Said(
            topic, epoch, EpochNumber(topic, epoch), offset, Encoding.ASCII.GetString(envelope.Id), JsonText.ToText(envelope.From), envelope.IsRemoval,
            envelope.IsRemoval ? long.Parse(envelope.Msg, NumberStyles.None, CultureInfo.InvariantCulture) : 0, list.Count, world.Now)
        {
            Deletes = envelope.IsDeletion && DeletedMessage.TryParse(envelope, out var deleted) ? Find(topic, Encoding.ASCII.GetString(deleted.Epoch), deleted.Offset) : null,
        };
        if (world.IsTraced)
        {
            world.Trace($"redis {topic} {epoch}:{offset} {said.Id}{(said.IsRemoval ? " removes " + said.From : "")}{(said.Deletes is { } gone ? " deletes " + gone.Id : "")}");
        }

        var messages = said.IsNotice ? 0 : 1; // in the log after the message that is looked at
        foreach (var before in Enumerable.Reverse(list))
        {
            var isSame = !before.IsLost && before.Id == said.Id && before.From == said.From;
            if (before.IsLost || before.Offset >= first)
            {
                if (isSame)
                {
                    world.Violate($"{said.Id} is in {topic} twice, at {before.Offset} and {offset}");
                }
            }
            else if (isSame)
            {
                said.IsRepeated = true;
            }
            else if (messages < kept && world.Now - before.At < Age.Ticks)
            {
                world.Violate($"{before.Id} is inside the window of {topic} and was trimmed");
            }

            messages += before.IsLost || before.IsNotice ? 0 : 1;
        }

        MayHaveHoles |= first > 1;
        list.Add(said);
        said.IsUnmarked = said.IsRemoval && MembershipsMayBeLost && !redis.IsMarkedLeft(said.From, topic[6..], said.Generation);
        if (!_said.TryAdd((topic, epoch, offset), said) && world.Fault == Fault.None)
        {
            world.Violate($"two messages at {epoch}:{offset} of {topic}");
        }
    }

    /// <summary>Called when a node was told that a message is published.</summary>
    public void OnAcknowledged(SimulatedNode node, string topic, string epoch, long offset)
    {
        if (Find(topic, epoch, offset) is { } said)
        {
            said.AcknowledgedTo.Add(node);
        }
    }

    /// <summary>Called when a client was told that its message is published.</summary>
    public void OnAnswered(string topic, string epoch, long offset, string id)
    {
        if (Find(topic, epoch, offset)?.Id is var there && there != id)
        {
            world.Violate($"{id} was acknowledged at {epoch}:{offset} of {topic}, where {there ?? "nothing"} stands");
        }
    }

    /// <summary>Called when Redis has lost data.</summary>
    public void OnLost(SimulatedRedis redis)
    {
        MembershipsMayBeLost = true;
        MayHaveHoles = true; // an epoch may be lost even if no message is
        foreach (var said in _topics.Values.SelectMany(topic => topic))
        {
            if (!said.IsLost && !redis.HasHad(said.Topic, said.Epoch, said.Offset))
            {
                said.IsLost = true;
                world.Trace($"lost {said.Topic} {said.Epoch}:{said.Offset} {said.Id}");
            }
        }
    }

    public void OnJoined(string user, string group, long generation)
    {
        world.Trace($"redis {user} joins {group} as {generation}");
        _joined[(user, group)] = Math.Max(generation, _joined.GetValueOrDefault((user, group)));
    }

    /// <summary>Whether the removed user has not joined again since.</summary>
    public bool HasLeft(Said removal) => _joined.GetValueOrDefault((removal.From, removal.Topic[6..])) < removal.Generation;

    public void OnLeft(string user, string group, long generation) => world.Trace($"redis {user} leaves {group} as of {generation}");

    /// <summary>Checks a line that is sent to a client of the hub: a user who has left must receive no message from after the removal.</summary>
    public void CheckHears(string user, Line line)
    {
        if (line.Kind is not ('M' or 'D') || !line.Topic.StartsWith("group:", StringComparison.Ordinal) || Find(line.Topic, line.Epoch, line.Offset) is not { } said)
        {
            return;
        }

        var list = _topics[line.Topic];
        for (var i = said.Number - 1; i >= 0; i--)
        {
            var removal = list[i];
            if (removal.IsRemoval && !removal.IsLost && removal.From == user && !removal.IsUnmarked)
            {
                if (HasLeft(removal))
                {
                    world.Violate($"{user} hears {said.Id} of {line.Topic}, which is behind the removal at {removal.Epoch}:{removal.Offset}");
                }

                return;
            }
        }
    }
}
