using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Tests.Backplane;

/// <summary>In-memory replacement for a cluster's Redis, with logs, channels and lives. A test decides what it loses.</summary>
internal sealed class MemoryRedis
{
    private readonly Lock _gate = new(); // guards all fields below; never taken inside a topic's lock
    private readonly Dictionary<string, MemoryLog> _logs = [];
    private readonly List<MemoryBackplane> _nodes = [];
    private readonly HashSet<(MemoryBackplane Node, string Topic)> _subscriptions = [];
    private string _life = "L1";

    /// <summary>Called with each offset. Returns whether the channel loses the message.</summary>
    public Func<long, bool> Loses { get; set; } = _ => false;

    /// <summary>Lives known to have begun without some acknowledged messages.</summary>
    public BrokenLives Broken { get; } = new();

    public void Add(MemoryBackplane node)
    {
        lock (_gate)
        {
            _nodes.Add(node);
        }
    }

    public void Subscribe(MemoryBackplane node, Topic topic)
    {
        lock (_gate)
        {
            _subscriptions.Add((node, topic.Name));
        }
    }

    public void Unsubscribe(MemoryBackplane node, Topic topic)
    {
        lock (_gate)
        {
            _subscriptions.Remove((node, topic.Name));
        }
    }

    public long Count(Topic topic)
    {
        lock (_gate)
        {
            return _nodes.Count(node => _subscriptions.Contains((node, topic.Name)));
        }
    }

    /// <summary>Appends a message, unless it is there already, and sends it to the subscribers.</summary>
    /// <param name="topic">The topic's name.</param>
    /// <param name="id">Identifies a message that comes again, or null.</param>
    /// <param name="tail">The envelope after offset and epoch.</param>
    /// <param name="isRemoval">Whether all nodes are told.</param>
    /// <param name="isLost">Whether no node is told.</param>
    /// <param name="endsRound">Whether it is the last of a round; the nodes are told that, too.</param>
    /// <param name="kept">How many messages the log keeps.</param>
    /// <returns>The message's position, and the envelope that stands there.</returns>
    public (string Epoch, long Offset, byte[] Envelope) Append(
        string topic, string? id, ReadOnlySpan<byte> tail, bool isRemoval = false, bool isLost = false, bool endsRound = true, int kept = int.MaxValue)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            if (!log.Append(id, tail, out var offset))
            {
                return (log.Epoch, offset, []);
            }

            log.Trim(kept);
            var envelope = log.Newest;
            if (!isLost && !Loses(offset))
            {
                Tell_NeedsLock(topic, envelope, isRemoval, endsRound);
            }

            return (log.Epoch, offset, envelope);
        }
    }

    /// <summary>Deletes a message, and tells all nodes how far the log goes then. Returns where the notice stands; offset 0: there is no such message.</summary>
    public (string Epoch, long Offset) Delete(string topic, string position, ReadOnlySpan<byte> tail)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic);
            var last = log.Last;
            var notice = log.Delete(position, tail);
            if (log.Last > last)
            {
                _nodes.ForEach(node => node.HearHead(topic, notice.Epoch, notice.Offset));
            }

            return notice;
        }
    }

    /// <summary>Sends to the subscribers without keeping anything.</summary>
    public void Send(string topic, byte[] envelope)
    {
        lock (_gate)
        {
            Tell_NeedsLock(topic, envelope, isRemoval: false, endsRound: true);
        }
    }

    /// <summary>Tells all nodes something that belongs to no topic.</summary>
    public void Tell(Action<MemoryBackplane> what)
    {
        lock (_gate)
        {
            _nodes.ForEach(what);
        }
    }

    public LogPage Read(Topic topic, string epoch, long since, int limit, string endsBehindHole = "", int bytes = 0)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic.Name);
            log.EndBehindHole(endsBehindHole);
            return log.Read(epoch, since, limit, Broken, bytes);
        }
    }

    public LogPage EndEpoch(Topic topic, string epoch)
    {
        lock (_gate)
        {
            var log = Log_NeedsLock(topic.Name);
            log.EndEpoch(epoch);
            return log.Read(epoch, 0, 0, Broken);
        }
    }

    /// <summary>The present epoch of a topic's log.</summary>
    public string EpochOf(Topic topic) => Read(topic, "", 0, 0).Epoch;

    /// <summary>Makes the log forget its oldest messages.</summary>
    public void Trim(Topic topic, int kept)
    {
        lock (_gate)
        {
            Log_NeedsLock(topic.Name).Trim(kept);
        }
    }

    /// <summary>Comes back without the last acknowledged messages, and nothing shows that this is another life.</summary>
    public void Forget(Topic topic, int last)
    {
        lock (_gate)
        {
            Log_NeedsLock(topic.Name).Forget(last);
        }
    }

    /// <summary>Adds an entry to the log that nobody published and the channel does not deliver.</summary>
    public void Add(Topic topic, byte[] utf8)
    {
        lock (_gate)
        {
            Log_NeedsLock(topic.Name).Add(utf8);
        }
    }

    /// <summary>Begins another life of Redis. This topic lacks the last acknowledged messages.</summary>
    public void BeginLife(Topic topic, string life, int lost = 0)
    {
        lock (_gate)
        {
            Log_NeedsLock(topic.Name).Forget(lost);
            _life = life;
        }
    }

    /// <summary>Loses everything and begins another life of Redis.</summary>
    public void Restart()
    {
        lock (_gate)
        {
            foreach (var log in _logs.Values)
            {
                log.Clear();
            }

            _life += "'";
        }
    }

    // Called inside the lock, so that the channel keeps the log's order.
    private void Tell_NeedsLock(string topic, byte[] envelope, bool isRemoval, bool endsRound)
    {
        foreach (var node in _nodes.Where(node => isRemoval || _subscriptions.Contains((node, topic))))
        {
            node.Hear(topic, envelope, isRemoval, endsRound);
        }
    }

    private MemoryLog Log_NeedsLock(string topic)
    {
        if (!_logs.TryGetValue(topic, out var log))
        {
            _logs[topic] = log = new MemoryLog();
        }

        log.LiveIn(_life);
        return log;
    }
}
