using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Presence;

/// <summary>The topics whose presence a connection is told.</summary>
internal sealed class ConnectionWatches(PresenceWatches watches, Connection connection)
{
    private readonly Lock _gate = new(); // guards everything below; taken inside a topic's lock
    private readonly Dictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private bool _isOver;

    /// <summary>Whether presence is kept for a topic.</summary>
    public bool Knows(Topic topic) => watches.Knows(topic);

    /// <summary>Starts with a topic, if presence is kept for it.</summary>
    public void Add(Topic topic)
    {
        lock (_gate)
        {
            if (!_isOver && watches.Knows(topic) && _topics.TryAdd(topic.Name, topic))
            {
                watches.Add(topic, connection);
            }
        }
    }

    /// <summary>Stops with a topic. Never waits.</summary>
    public void Remove(Topic topic)
    {
        lock (_gate)
        {
            if (_topics.Remove(topic.Name))
            {
                watches.Remove(topic, connection);
            }
        }
    }

    /// <summary>Called when the connection has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            foreach (var topic in _topics.Values)
            {
                watches.Remove(topic, connection);
            }

            _topics.Clear();
        }
    }
}
