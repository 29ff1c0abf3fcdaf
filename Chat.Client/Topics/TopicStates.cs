using System.Text;

namespace Chat.Client.Topics;

/// <summary>The client's place in each group, and in its user's own messages (their key is the empty string). Makes events of what the server sends:
/// each message once and in order, over any number of connections.</summary>
internal sealed partial class TopicStates
{
    /// <summary>The key of the user's own messages.</summary>
    public const string Own = "";

    private readonly object _gate = new(); // guards everything
    private readonly EventQueue _events;
    private readonly Dictionary<string, TopicState> _topics = new(StringComparer.Ordinal);
    private readonly List<TopicCall> _behind = []; // on the present connection
    private readonly SeenMessages _seen = new();
    private readonly SeenMessages _deleted = new(); // by position, in place of the id
    private long _record; // when Redis began the record of the user's groups; 0: the server does not say
    private bool _hasEntered; // the present connection has reported all groups
    private int _unexpected;

    public TopicStates(EventQueue events, IReadOnlyDictionary<string, ChatPosition> since)
    {
        _events = events;
        foreach (var (topic, position) in since)
        {
            _topics[NameOf(topic)] = new TopicState { Position = position };
        }
    }

    /// <summary>The name as the server gives it in all that it sends: in Unicode form C. Half a surrogate pair and U+FFFE, which are in no name and cannot
    /// be converted, become U+FFFD.</summary>
    public static string NameOf(string name) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)).Replace('\uFFFE', '\uFFFD').Normalize();

    /// <summary>The position in each topic that the client is in or was told to continue.</summary>
    public Dictionary<string, ChatPosition> Positions
    {
        get
        {
            lock (_gate)
            {
                return _topics.Where(topic => topic.Value.Position is not null).ToDictionary(topic => topic.Key, topic => topic.Value.Position!.Value);
            }
        }
    }

    public List<string> Groups
    {
        get
        {
            lock (_gate)
            {
                return [.. _topics.Where(topic => topic.Key != Own && topic.Value.IsIn).Select(topic => topic.Key)];
            }
        }
    }

    /// <summary>A connection is about to be made. Returns its query: the client's positions, as many as fit.</summary>
    public string Begin()
    {
        lock (_gate)
        {
            _behind.Clear();
            (_hasEntered, _record) = (false, 0);
            var query = new PositionsQuery();
            foreach (var (topic, state) in _topics)
            {
                (state.IsTold, state.IsReturning) = (false, false);
                state.Held.Clear(); // the new connection sends these again, after what the old one can no longer fetch
                state.IsAsked = topic != Own && state.Position is { } position && query.TryAdd(topic, position);
            }

            if (Of(Own).Position is { } own)
            {
                query.AddOwn(own);
                Of(Own).IsAsked = true;
            }

            return query.ToString();
        }
    }

    /// <summary>The server begins to report the user's groups to a connection. <paramref name="record"/> is the time when Redis began the record of
    /// them.</summary>
    public void Connected(long record)
    {
        lock (_gate)
        {
            _record = record;
        }
    }

    /// <summary>The server says from which position on the client gets a topic. Returns true if it is the first time on this connection.</summary>
    public bool Subscribed(string topic, ChatPosition position, bool recovered)
    {
        lock (_gate)
        {
            var state = Of(topic);
            var (isFirst, wasIn) = (!state.IsTold, state.IsIn);
            In_NeedsLock(state);
            if (isFirst && !_hasEntered && !state.IsAsked && state.Position is { } known && topic != Own
                && (known != position || position.Epoch.Length == 0)) // in a topic without a log, nobody knows what was missed
            {
                state.IsReturning = true;
                _behind.Add(new TopicCall(topic, state, position));
                return isFirst;
            }

            if (!state.IsHeld)
            {
                Begin_NeedsLock(topic, state, position, recovered);
            }
            else if (!recovered || !wasIn)
            {
                state.Held.Add(new ChatSubscribed(topic, position, recovered));
            }

            return isFirst;
        }
    }

    /// <summary>A message came, or the deletion of one.</summary>
    public void Message(string topic, ChatEvent message)
    {
        lock (_gate)
        {
            Note_NeedsLock(topic, message);
            if (!_topics.TryGetValue(topic, out var state))
            {
                _unexpected++;
                return; // of a group that the client is not in
            }

            if (state.IsHeld)
            {
                state.Held.Add(message);
            }
            else if (state.IsIn && !TryGive_NeedsLock(topic, state, message))
            {
                _unexpected++;
            }
        }
    }

    /// <summary>Whether the message at a position is known to be deleted. An answer may have the message all the same, if it was on its way by then.</summary>
    public bool IsDeleted(string topic, ChatPosition? position)
    {
        lock (_gate)
        {
            return position is { } place && _deleted.Has(topic, "", place.ToString());
        }
    }

    /// <summary>The place of a message or of a deletion in the log; null for other events.</summary>
    public static ChatPosition? PositionOf(ChatEvent one) => one is ChatMessage message ? message.Position : (one as ChatDeleted)?.Position;

    /// <summary>The user is no longer in the group.</summary>
    public void Unsubscribed(string group)
    {
        lock (_gate)
        {
            if (!_topics.TryGetValue(group, out var state))
            {
                return;
            }

            if (state.IsIn)
            {
                _events.Add(new ChatUnsubscribed(group));
            }

            state.IsReturning = false;
            _topics.Remove(group);
            if (state.Holds > 0)
            {
                _topics[group] = new TopicState { Holds = state.Holds }; // a call still waits for what comes after this
            }
        }
    }

    /// <summary>The server has answered that the user has left the group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="life">What <see cref="Find"/> returned before the call. If <see cref="Find"/> returns another state now, the user was put out and
    /// is in again, and stays in.</param>
    public void Left(string group, TopicState? life)
    {
        lock (_gate)
        {
            if (life is not null && Find(group) == life)
            {
                Unsubscribed(group);
            }
        }
    }

    /// <summary>What the client knows of a topic; null if nothing.</summary>
    public TopicState? Find(string topic)
    {
        lock (_gate)
        {
            return _topics.GetValueOrDefault(topic);
        }
    }

    /// <summary>How many messages were dropped that a correct server does not send: messages at a position that the client had already reached,
    /// though it was fetching nothing that they could overlap with, and messages of a group that it is not in, unless a call for that group is under way.</summary>
    public int Unexpected
    {
        get
        {
            lock (_gate)
            {
                return _unexpected;
            }
        }
    }

    /// <summary>The client's position when the call began.</summary>
    public ChatPosition? PositionOf(TopicCall call)
    {
        lock (_gate)
        {
            return call.Life.Position;
        }
    }

    /// <summary>Whether the client was told a position in the topic, from which the reader has yet to get it.</summary>
    public bool IsYetToContinue(TopicCall call)
    {
        lock (_gate)
        {
            return call.Life is { IsHeard: false, Position: not null };
        }
    }

    public void Watch(string group, bool on)
    {
        lock (_gate)
        {
            if (_topics.TryGetValue(group, out var state))
            {
                state.IsWatched = on;
            }
        }
    }

    public List<string> Watched
    {
        get
        {
            lock (_gate)
            {
                return [.. _topics.Where(topic => topic.Value.IsWatched).Select(topic => topic.Key)];
            }
        }
    }

    private void Note_NeedsLock(string topic, ChatEvent one)
    {
        if (one is ChatDeleted deletion)
        {
            _deleted.Add(topic, "", deletion.MessagePosition.ToString());
        }
    }

    private TopicState Of(string topic)
    {
        if (!_topics.TryGetValue(topic, out var state))
        {
            _topics[topic] = state = new TopicState();
        }

        return state;
    }

    /// <summary>Returns false if the client has already reached the message's position.</summary>
    private bool TryGive_NeedsLock(string topic, TopicState state, ChatEvent one)
    {
        Note_NeedsLock(topic, one);
        if (PositionOf(one) is { } position)
        {
            if (state.Position is { } reached && reached.Epoch == position.Epoch && position.Offset <= reached.Offset)
            {
                return false;
            }

            state.Position = position;
        }

        if (one is not ChatMessage { Id: { } id } message || _seen.Add(topic, message.From, id))
        {
            _events.Add(one);
        }

        return true;
    }

    private void In_NeedsLock(TopicState state) => (state.IsTold, state.IsIn, state.Record) = (true, true, _record);

    // Tells the reader that it gets the topic from here on.
    private void Begin_NeedsLock(string topic, TopicState state, ChatPosition position, bool recovered)
    {
        (state.Position, state.IsHeard) = (position, true);
        _events.Add(new ChatSubscribed(topic == Own ? null : topic, position, recovered));
    }
}
