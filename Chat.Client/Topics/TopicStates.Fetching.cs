namespace Chat.Client.Topics;

// What calls fetch, and what is held until they are done. Entered, Joined and Fetched apply what the server says, and are called in the server's order.
internal sealed partial class TopicStates
{
    /// <summary>Holds the topic's messages from now on, until <see cref="Release"/> or <see cref="Abandon"/>.</summary>
    public TopicCall Hold(string topic)
    {
        lock (_gate)
        {
            var state = Of(topic);
            state.Holds++;
            return new TopicCall(topic, state);
        }
    }

    /// <summary>The call has delivered what it fetched. Delivers the held messages, and from then on messages as they come.</summary>
    public void Release(TopicCall call)
    {
        lock (_gate)
        {
            Release_NeedsLock(call);
        }
    }

    /// <summary>The call will not fetch the rest. If it has begun, there is a hole before the held messages and all later ones, and the reader is
    /// told so.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isLast">The client has ended, so the reader cannot be told of a hole any more. Nothing behind the hole is delivered, and a later
    /// client begins before it.</param>
    public void Abandon(TopicCall call, bool isLast)
    {
        lock (_gate)
        {
            var state = Of(call.Topic);
            if (isLast)
            {
                state.Held.Clear();
            }
            else if (call.HasBegun && state == call.Life)
            {
                HoldHole_NeedsLock(call);
            }

            Release_NeedsLock(call);
        }
    }

    /// <summary>The connection has reported all groups. Returns calls for the groups that the client was in and Redis has forgotten, and calls for
    /// the groups in which it has to fetch what it missed. Their messages are held until <see cref="Returned"/>.</summary>
    /// <remarks>If the server does not name a group, though Redis still has the same record of the user's groups, the group was left on another device.</remarks>
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

    /// <summary>The connection has fetched what the server did not send by itself. Delivers the held messages after that.</summary>
    /// <remarks>If the fetch fails, this is not called, and no held message is delivered: it would stand behind a hole that the reader was not told
    /// of. The next connection begins at the client's position.</remarks>
    public void Returned(TopicCall call)
    {
        lock (_gate)
        {
            Return_NeedsLock(call);
        }
    }

    /// <summary>The rest of the log may not be read. Delivers the held messages, behind a hole that the reader is told of.</summary>
    public void ReturnedWithHole(TopicCall call)
    {
        lock (_gate)
        {
            HoldHole_NeedsLock(call);
            Return_NeedsLock(call);
        }
    }

    /// <summary>The server has answered with the position from which on the client is in a topic, and with messages that were written there before.</summary>
    /// <param name="call">The call.</param>
    /// <param name="position">Where the fetched messages begin.</param>
    /// <param name="recovered">Whether they continue at the client's position.</param>
    /// <param name="messages">The fetched messages and deletions, which go to the reader at once.</param>
    /// <param name="isWanted">True: the call asked for the messages since a position, so they are delivered even if the reader gets the topic already.</param>
    public void Joined(TopicCall call, ChatPosition position, bool recovered, IEnumerable<ChatEvent> messages, bool isWanted)
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
    /// <param name="hole">Where this part begins, if the log no longer has what comes before it.</param>
    /// <param name="messages">The fetched messages and deletions.</param>
    public void Fetched(TopicCall call, ChatPosition? hole, IEnumerable<ChatEvent> messages)
    {
        lock (_gate)
        {
            // Otherwise the topic was left meanwhile, or the call was given up.
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

    private void Return_NeedsLock(TopicCall call)
    {
        call.Life.IsReturning = false;
        if (IsPresent_NeedsLock(call))
        {
            Give_NeedsLock(call.Topic, call.Life);
        }
    }

    private static void HoldHole_NeedsLock(TopicCall call)
    {
        var first = call.Life.Held.Select(PositionOf).FirstOrDefault(static position => position is not null);
        if ((call.Live ?? (first is { } next ? next with { Offset = next.Offset - 1 } : call.Life.Position)) is { } position)
        {
            call.Life.Held.Insert(0, new ChatSubscribed(call.Topic, position, Recovered: false));
        }
    }

    private void Release_NeedsLock(TopicCall call)
    {
        call.IsOver = true;
        var state = Of(call.Topic);
        state.Holds--;
        Give_NeedsLock(call.Topic, state);
    }

    private void Give_NeedsLock(TopicCall call, IEnumerable<ChatEvent> messages)
    {
        foreach (var message in messages)
        {
            TryGive_NeedsLock(call.Topic, call.Life, message);
        }
    }

    // Delivers what was held, unless something is yet to be fetched.
    private void Give_NeedsLock(string topic, TopicState state)
    {
        if (state.IsHeld)
        {
            return;
        }

        foreach (var one in state.IsIn ? state.Held : [])
        {
            if (one is not ChatSubscribed word)
            {
                TryGive_NeedsLock(topic, state, one);
            }
            else if (!state.IsHeard || (!word.Recovered && !IsBeyond(state, word.Position)))
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

    // Past the position: what was lost before it has been fetched meanwhile.
    private static bool IsBeyond(TopicState state, ChatPosition position) =>
        state.Position is { } reached && reached.Epoch == position.Epoch && reached.Offset > position.Offset;
}
