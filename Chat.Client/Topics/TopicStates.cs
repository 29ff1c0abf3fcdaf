namespace Chat.Client.Topics;

/// <summary>Where a client is in each group, and in its user's own messages (the key is the empty text): out of what comes it makes events, each
/// message once and in order, over any number of connections.</summary>
internal sealed partial class TopicStates
{
    /// <summary>The key of the user's own messages.</summary>
    public const string Own = "";

    private readonly object _gate = new(); // guards everything
    private readonly EventQueue _events;
    private readonly Dictionary<string, TopicState> _topics = new(StringComparer.Ordinal);
    private readonly List<TopicCall> _behind = []; // on this connection
    private readonly SeenMessages _seen = new();
    private long _record; // of the user's groups; 0: the server does not say
    private bool _hasEntered; // this connection has told where each group is
    private int _unexpected;

    public TopicStates(EventQueue events, IReadOnlyDictionary<string, ChatPosition> since)
    {
        _events = events;
        foreach (var (topic, position) in since)
        {
            _topics[topic] = new TopicState { Position = position };
        }
    }

    /// <summary>Where it is, of those that it is in or was told to continue.</summary>
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

    /// <summary>A connection is about to be made. Returns its query: where the client was, as far as that fits.</summary>
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
                state.Held.Clear(); // the new connection brings it again, behind what the old one could not fetch any more
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

    /// <summary>The server begins to tell a connection where each group is, of the record of the user's groups that began at this moment.</summary>
    public void Connected(long record)
    {
        lock (_gate)
        {
            _record = record;
        }
    }

    /// <summary>The server says from where on the client hears a topic. True: it is the first word about it on this connection.</summary>
    public bool Subscribed(string topic, ChatPosition position, bool recovered)
    {
        lock (_gate)
        {
            var state = Of(topic);
            var (isFirst, wasIn) = (!state.IsTold, state.IsIn);
            In_NeedsLock(state);
            if (isFirst && !_hasEntered && !state.IsAsked && state.Position is { } known && known != position && topic != Own)
            {
                state.IsReturning = true;
                _behind.Add(new TopicCall(topic, state));
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

    public void Message(string topic, ChatMessage message)
    {
        lock (_gate)
        {
            if (!_topics.TryGetValue(topic, out var state))
            {
                _unexpected++;
                return; // of a group that was left
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

    /// <summary>The user is not in the group any more.</summary>
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
                _topics[group] = new TopicState { Holds = state.Holds }; // some call waits for what comes after this
            }
        }
    }

    /// <summary>The server has answered that the user has left the group.</summary>
    /// <param name="group">Which.</param>
    /// <param name="life">What <see cref="Find"/> returned before the call. Another one has begun since: the user was told to be out, and is in again.</param>
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

    /// <summary>What is known of a topic; null: nothing.</summary>
    public TopicState? Find(string topic)
    {
        lock (_gate)
        {
            return _topics.GetValueOrDefault(topic);
        }
    }

    /// <summary>How many messages were dropped that a server that is right does not send: at a position at which the client had been, though it
    /// fetched nothing that they could overlap with; or of a group that it is not in, unless it has just left.</summary>
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

    /// <summary>Where the client was when the call was begun.</summary>
    public ChatPosition? PositionOf(TopicCall call)
    {
        lock (_gate)
        {
            return call.Life.Position;
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

    private TopicState Of(string topic)
    {
        if (!_topics.TryGetValue(topic, out var state))
        {
            _topics[topic] = state = new TopicState();
        }

        return state;
    }

    /// <summary>False: the client has been at its position.</summary>
    private bool TryGive_NeedsLock(string topic, TopicState state, ChatMessage message)
    {
        if (message.Position is { } position)
        {
            if (state.Position is { } reached && reached.Epoch == position.Epoch && position.Offset <= reached.Offset)
            {
                return false;
            }

            state.Position = position;
        }

        if (message.Id is null || _seen.Add(topic, message.From, message.Id))
        {
            _events.Add(message);
        }

        return true;
    }

    private void In_NeedsLock(TopicState state) => (state.IsTold, state.IsIn, state.Record) = (true, true, _record);

    // From here on who reads hears it.
    private void Begin_NeedsLock(string topic, TopicState state, ChatPosition position, bool recovered)
    {
        (state.Position, state.IsHeard) = (position, true);
        _events.Add(new ChatSubscribed(topic == Own ? null : topic, position, recovered));
    }
}
