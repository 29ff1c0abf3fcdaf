namespace Chat.Client.Topics;

// What calls fetch, and what is held until they have. All but Hold, Release and Abandon are the server's words, and are called in its order.
internal sealed partial class TopicStates
{
    /// <summary>From now on messages of the topic are held, until <see cref="Release"/> or <see cref="Abandon"/>.</summary>
    public TopicCall Hold(string topic)
    {
        lock (_gate)
        {
            var state = Of(topic);
            state.Holds++;
            return new TopicCall(topic, state);
        }
    }

    /// <summary>What was fetched has gone first, then goes what was held; from then on as usual.</summary>
    public void Release(TopicCall call)
    {
        lock (_gate)
        {
            Release_NeedsLock(call);
        }
    }

    /// <summary>What a call has begun to fetch will not be: what is held stands behind a hole, and so does what comes.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isLast">The client has ended. Nobody is told of a hole any more, so nothing behind one is given, and a later client begins before it.</param>
    public void Abandon(TopicCall call, bool isLast)
    {
        lock (_gate)
        {
            var state = Of(call.Topic);
            if (isLast)
            {
                state.Held.Clear();
            }
            else if (call.HasBegun && state == call.Life && state.Position is { } reached)
            {
                var next = state.Held.OfType<ChatMessage>().FirstOrDefault()?.Position;
                state.Held.Insert(0, new ChatSubscribed(call.Topic, next is { } first ? first with { Offset = first.Offset - 1 } : reached, Recovered: false));
            }

            Release_NeedsLock(call);
        }
    }

    /// <summary>The connection has told where each group is. Returns calls for those that the client was in and Redis has forgotten, and for those in
    /// which it has to fetch what it missed, whose messages are held from here on.</summary>
    /// <remarks>A group that the server does not name, though Redis has the same record of the user's groups still, was left on another device.</remarks>
    public (List<TopicCall> Forgotten, List<TopicCall> Behind) Entered()
    {
        lock (_gate)
        {
            _hasEntered = true;
            List<TopicCall> forgotten = [];
            foreach (var (topic, state) in _topics.Where(topic => topic.Key != Own && topic.Value is { IsIn: true, IsTold: false }).ToArray())
            {
                if (state.Record == _record && _record != 0)
                {
                    Unsubscribed(topic);
                    continue;
                }

                state.IsReturning = true;
                forgotten.Add(new TopicCall(topic, state));
            }

            return (forgotten, [.. _behind.Where(one => one.Life.IsReturning)]);
        }
    }

    /// <summary>The connection has fetched what it could not be told: what was held comes behind it.</summary>
    /// <remarks>Where it could not, nothing of what was held is given, or it would stand behind a hole that nobody was told of: the next connection
    /// begins where the client was.</remarks>
    public void Returned(TopicCall call)
    {
        lock (_gate)
        {
            call.Life.IsReturning = false;
            if (IsPresent_NeedsLock(call))
            {
                Give_NeedsLock(call.Topic, call.Life);
            }
        }
    }

    /// <summary>The server has answered from where on the client is in a topic, and with what was written there before.</summary>
    /// <param name="call">The call.</param>
    /// <param name="position">Where what it fetches begins.</param>
    /// <param name="recovered">Whether that continues where the client was.</param>
    /// <param name="messages">What it has fetched: that goes to who reads at once.</param>
    /// <param name="isWanted">Also where the client is in already: it asked for what was written since a position.</param>
    public void Joined(TopicCall call, ChatPosition position, bool recovered, IEnumerable<ChatMessage> messages, bool isWanted)
    {
        lock (_gate)
        {
            if (!IsPresent_NeedsLock(call))
            {
                call.IsDoubtful = true;
            }

            if (call.IsOver || !_topics.TryGetValue(call.Topic, out var state) || !state.IsHeld)
            {
                return;
            }

            call.Life = state;
            if (isWanted || !state.IsHeard)
            {
                call.HasBegun = true;
                In_NeedsLock(state);
                Begin_NeedsLock(call.Topic, state, position, recovered);
                Give_NeedsLock(call, messages);
            }
        }
    }

    /// <summary>The server has answered with more of a topic's log.</summary>
    /// <param name="call">The call.</param>
    /// <param name="hole">Where it begins, if the log no longer has what comes before.</param>
    /// <param name="messages">What it has fetched.</param>
    public void Fetched(TopicCall call, ChatPosition? hole, IEnumerable<ChatMessage> messages)
    {
        lock (_gate)
        {
            // Else it was left meanwhile, or the call was given up.
            if (!call.IsOver && IsPresent_NeedsLock(call) && call.Life.IsHeld)
            {
                if (hole is { } position)
                {
                    Begin_NeedsLock(call.Topic, call.Life, position, recovered: false);
                }

                Give_NeedsLock(call, messages);
            }
        }
    }

    private bool IsPresent_NeedsLock(TopicCall call) => _topics.TryGetValue(call.Topic, out var state) && state == call.Life;

    private void Release_NeedsLock(TopicCall call)
    {
        call.IsOver = true;
        var state = Of(call.Topic);
        state.Holds--;
        Give_NeedsLock(call.Topic, state);
    }

    private void Give_NeedsLock(TopicCall call, IEnumerable<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            TryGive_NeedsLock(call.Topic, call.Life, message);
        }
    }

    // What was held.
    private void Give_NeedsLock(string topic, TopicState state)
    {
        if (state.IsHeld)
        {
            return;
        }

        foreach (var one in state.IsIn ? state.Held : [])
        {
            if (one is ChatMessage message)
            {
                TryGive_NeedsLock(topic, state, message);
            }
            else if (one is ChatSubscribed word && (!state.IsHeard || (!word.Recovered && !IsBeyond(state, word.Position))))
            {
                Begin_NeedsLock(topic, state, word.Position, word.Recovered);
            }
        }

        state.Held.Clear();
        if (topic != Own && !state.IsIn && state.Position is null)
        {
            _topics.Remove(topic); // could not be joined
        }
    }

    // What was lost before the position has been fetched meanwhile.
    private static bool IsBeyond(TopicState state, ChatPosition position) =>
        state.Position is { } reached && reached.Epoch == position.Epoch && reached.Offset > position.Offset;
}
