using System.Text;

namespace Chat.Client.Topics;

/// <summary>Where a client is in each group, and in its user's own messages (the key is the empty text): out of what comes it makes events, each
/// message once and in order, over any number of connections.</summary>
internal sealed class TopicStates
{
    /// <summary>The key of the user's own messages.</summary>
    public const string Own = "";

    private const int LongestQuery = 4000; // servers take lines of 8 KB; tokens and the rest need some of it
    private const int MostSeen = 4096; // more than a log has by default, of several groups

    private readonly object _gate = new(); // guards everything
    private readonly EventQueue _events;
    private readonly Dictionary<string, TopicState> _topics = new(StringComparer.Ordinal);
    private readonly List<string> _behind = []; // on this connection
    private readonly HashSet<(string Topic, string From, string Id)> _seen = [];
    private readonly Queue<(string Topic, string From, string Id)> _seenInOrder = [];
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
            _hasEntered = false;
            var groups = new StringBuilder();
            foreach (var (topic, state) in _topics)
            {
                (state.IsTold, state.IsAsked, state.IsReturning) = (false, false, false);
                state.Held.Clear(); // the new connection brings it again, behind what the old one could not fetch any more
                if (topic != Own && state.Position is { } position && groups.Length < LongestQuery)
                {
                    // Once for the list, in which commas and percent signs have a meaning, and as a whole for the query.
                    groups.Append(groups.Length > 0 ? "%2C" : "").Append(Uri.EscapeDataString(Uri.EscapeDataString(topic))).Append("%3A").Append(Uri.EscapeDataString(position.ToString()));
                    state.IsAsked = true;
                }
            }

            var query = new StringBuilder("positions=true");
            if (groups.Length > 0)
            {
                query.Append("&since=").Append(groups);
            }

            if (Of(Own).Position is { } own)
            {
                query.Append("&since.user=").Append(Uri.EscapeDataString(own.ToString()));
                Of(Own).IsAsked = true;
            }

            return query.ToString();
        }
    }

    /// <summary>The connection has told where each group is. Returns those that the client was in and the server did not name, and those in
    /// which it has to fetch what it missed, whose messages are held from here on.</summary>
    public (List<string> Forgotten, List<string> Behind) Entered()
    {
        lock (_gate)
        {
            _hasEntered = true;
            List<string> forgotten = [];
            foreach (var (topic, state) in _topics.Where(topic => topic.Key != Own && topic.Value is { IsIn: true, IsTold: false }))
            {
                state.IsReturning = true;
                forgotten.Add(topic);
            }

            return (forgotten, [.. _behind]);
        }
    }

    /// <summary>The server says from where on the client hears a topic. True: it is the first word about it on this connection.</summary>
    public bool Subscribed(string topic, ChatPosition position, bool recovered)
    {
        lock (_gate)
        {
            var state = Of(topic);
            var isFirst = !state.IsTold;
            (state.IsTold, state.IsIn) = (true, true);
            if (isFirst && !_hasEntered && !state.IsAsked && state.Position is { } known && known != position && topic != Own)
            {
                state.IsReturning = true;
                _behind.Add(topic);
                return isFirst;
            }

            if (!state.IsHeld)
            {
                state.Position = position;
                Tell(topic, position, recovered);
            }
            else if (!recovered)
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

            (state.IsIn, state.IsWatched, state.IsReturning, state.Position) = (false, false, false, null);
            state.Held.Clear();
            if (state.Holds == 0)
            {
                _topics.Remove(group);
            }
        }
    }

    /// <summary>From now on messages of the topic are held.</summary>
    public void Hold(string topic)
    {
        lock (_gate)
        {
            Of(topic).Holds++;
        }
    }

    /// <summary>What was fetched goes first, then what was held; from then on as usual.</summary>
    public void Release(string topic)
    {
        lock (_gate)
        {
            var state = Of(topic);
            state.Holds--;
            Give_NeedsLock(topic, state);
        }
    }

    /// <summary>The connection has fetched what it could not be told: what was held comes behind it.</summary>
    /// <remarks>Where it could not, nothing of what was held is given, or it would stand behind a hole that nobody was told of: the next connection
    /// begins where the client was.</remarks>
    public void Returned(string topic)
    {
        lock (_gate)
        {
            var state = Of(topic);
            state.IsReturning = false;
            Give_NeedsLock(topic, state);
        }
    }

    /// <summary>What a call has begun to fetch will not be: what is held stands behind a hole, and so does what comes.</summary>
    public void Incomplete(string topic)
    {
        lock (_gate)
        {
            var state = Of(topic);
            if (state.Position is { } reached)
            {
                var next = state.Held.OfType<ChatMessage>().FirstOrDefault()?.Position;
                state.Held.Insert(0, new ChatSubscribed(topic, next is { } first ? first with { Offset = first.Offset - 1 } : reached, Recovered: false));
            }
        }
    }

    /// <summary>The server has answered from where on the client is in a topic, or where what it fetches begins. While it is held: one that was
    /// left meanwhile is not.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="position">Where.</param>
    /// <param name="recovered">Whether that continues where the client was.</param>
    public void Joined(string topic, ChatPosition position, bool recovered)
    {
        lock (_gate)
        {
            if (_topics.TryGetValue(topic, out var state) && state.IsHeld)
            {
                (state.IsTold, state.IsIn, state.Position) = (true, true, position);
                Tell(topic, position, recovered);
            }
        }
    }

    /// <summary>What was fetched of a topic, while it is held: it goes to who reads at once.</summary>
    public void Fetched(string topic, IEnumerable<ChatMessage> messages)
    {
        lock (_gate)
        {
            foreach (var message in _topics.TryGetValue(topic, out var state) && state.IsHeld ? messages : [])
            {
                TryGive_NeedsLock(topic, state!, message);
            }
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

    public ChatPosition? PositionOf(string topic)
    {
        lock (_gate)
        {
            return _topics.TryGetValue(topic, out var state) ? state.Position : null;
        }
    }

    public bool IsIn(string group)
    {
        lock (_gate)
        {
            return _topics.TryGetValue(group, out var state) && state.IsIn;
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

    private void Give_NeedsLock(string topic, TopicState state)
    {
        if (state.IsHeld)
        {
            return;
        }

        foreach (var one in state.Held)
        {
            if (one is ChatMessage message)
            {
                TryGive_NeedsLock(topic, state, message);
            }
            else if (one is ChatSubscribed hole && !(state.Position is { } reached && reached.Epoch == hole.Position.Epoch && reached.Offset > hole.Position.Offset))
            {
                // Else it was fetched meanwhile.
                state.Position = hole.Position;
                Tell(topic, hole.Position, recovered: false);
            }
        }

        state.Held.Clear();
        if (topic != Own && !state.IsIn && state.Position is null)
        {
            _topics.Remove(topic); // could not be joined
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

        if (message.Id is null || Remember((topic, message.From, message.Id)))
        {
            _events.Add(message);
        }

        return true;
    }

    // Where a log has lost its place, all of it comes again.
    private bool Remember((string Topic, string From, string Id) message)
    {
        if (!_seen.Add(message))
        {
            return false;
        }

        _seenInOrder.Enqueue(message);
        if (_seenInOrder.Count > MostSeen)
        {
            _seen.Remove(_seenInOrder.Dequeue());
        }

        return true;
    }

    private void Tell(string topic, ChatPosition position, bool recovered) =>
        _events.Add(new ChatSubscribed(topic == Own ? null : topic, position, recovered));
}
