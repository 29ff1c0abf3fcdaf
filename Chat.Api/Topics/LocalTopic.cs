using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>A topic on this node: its local members, and how far this node has delivered its log.</summary>
/// <remarks>
/// <para>Guarantee: each member gets everything published after it joined, in the order of offsets, each offset once. Where that is
/// impossible, because the messages of a gap are no longer in the log, members are told.</para>
/// <para>Mechanism: a <see cref="LogCursor"/> passes on the log's messages. Each is delivered to those who are members at that moment.
/// Everything happens under one lock per topic, which is never held across a wait.</para>
/// </remarks>
internal sealed partial class LocalTopic : ILogFollower
{
    private readonly Topic _topic;
    private readonly byte[] _node;
    private readonly TopicMetrics _metrics;
    private readonly IMembershipListener? _memberships;
    private readonly IMemberListener? _presence;

    private readonly Lock _gate = new(); // guards everything below
    private readonly List<Member> _members = [];
    private readonly LogCursor _cursor;

    public LocalTopic(Topic topic, byte[] node, TopicMetrics metrics, IMembershipListener? memberships = null, IMemberListener? presence = null)
    {
        _presence = presence;
        _topic = topic;
        _node = node;
        _metrics = metrics;
        _memberships = memberships;
        _cursor = new LogCursor(this, metrics);
    }

    public Topic Topic => _topic;

    /// <summary>How many connections use the topic, or are about to. Guarded by the <see cref="TopicTable"/>'s lock, as are the next two.</summary>
    public int References { get; set; }

    /// <summary>When the last reference was released.</summary>
    public long IdleSince { get; set; }

    /// <summary>The subscription, under way or complete. Everyone who joins shares it.</summary>
    public Task? Activation { get; set; }

    public int MemberCount
    {
        get
        {
            lock (_gate)
            {
                return _members.Count;
            }
        }
    }

    /// <summary>Where this node stands in the log.</summary>
    public (string Epoch, long Offset) Position
    {
        get
        {
            lock (_gate)
            {
                return _cursor.Position;
            }
        }
    }

    /// <summary>Adds a member that gets everything from here on, and tells it the position from which it does.</summary>
    public Member Join(Connection connection)
    {
        lock (_gate)
        {
            var member = Add_NeedsLock(new Member(this, connection));
            Tell_NeedsLock(member, recovered: true);
            return member;
        }
    }

    /// <summary>Adds a member if nothing has been delivered since a position. Otherwise returns null.</summary>
    public Member? TryJoin(Connection connection, (string Epoch, long Offset) at)
    {
        lock (_gate)
        {
            return at == _cursor.Position ? Join(connection) : null;
        }
    }

    /// <summary>Adds a member whose frames are held until <see cref="Release"/>, and returns the position at which it joined.</summary>
    /// <param name="connection">The member's connection.</param>
    /// <param name="since">The position up to which its client has everything. That is not sent again.</param>
    /// <param name="epoch">The epoch of the log at this node.</param>
    /// <param name="offset">The offset up to which this node has delivered it.</param>
    /// <param name="generation">See <see cref="Member.Generation"/>.</param>
    public Member JoinHeld(Connection connection, LogPosition since, out string epoch, out long offset, long generation = 0)
    {
        lock (_gate)
        {
            (epoch, offset) = _cursor.Position;
            // The client's position may be of an epoch before or after this one. If the log does not continue it, the replay makes the
            // member join anew.
            return Add_NeedsLock(new Member(this, connection) { Held = [], Holds = 1, Known = since.Offset, Generation = generation });
        }
    }

    /// <summary>Starts the member over, as if it joined only now and had nothing. Returns false if it is no longer in the topic; then,
    /// what is held for it ends with its removal.</summary>
    public bool TryJoinAnew(Member member, ref string epoch, ref long offset)
    {
        lock (_gate)
        {
            if (!member.IsIn)
            {
                return false;
            }

            (epoch, offset) = _cursor.Position;
            (member.Held, member.Known) = ([], 0);
            return true;
        }
    }

    /// <summary>Ends the hold of the member's replay. Unless something else holds the member, everything held goes into its outbox, and
    /// then it goes live.</summary>
    public void Release(Member member)
    {
        lock (_gate)
        {
            Release_NeedsLock(member);
        }
    }

    /// <summary>Takes a member out of the topic. What was held for it is dropped.</summary>
    public void Leave(Member member)
    {
        lock (_gate)
        {
            Leave_NeedsLock(member);
            member.Held = null;
        }
    }

    /// <summary>Step 4 of a message's path: takes an envelope from the channel. Returns true if there is a gap before it, so that <see cref="FillAsync"/> has to run.</summary>
    public bool Receive(ReadOnlySpan<byte> utf8)
    {
        if (!Envelope.TryParse(utf8, out var envelope))
        {
            _metrics.Malformed();
            return false;
        }

        lock (_gate)
        {
            if (envelope.Offset == 0)
            {
                Deliver_NeedsLock(envelope); // a signal, or from a seed node: it is not in the log, so there is no order to keep
                return false;
            }

            return _cursor.Receive(utf8, envelope);
        }
    }

    /// <summary>Something may have been missed without an envelope that shows it. Returns true if <see cref="FillAsync"/> has to run.</summary>
    public bool Suspect()
    {
        lock (_gate)
        {
            return _cursor.Suspect();
        }
    }

    /// <summary>The log has an acknowledged message at this position. Returns true if it has not arrived, so that <see cref="FillAsync"/> has to run.</summary>
    public bool Suspect(ReadOnlySpan<byte> epoch, long offset)
    {
        lock (_gate)
        {
            return _cursor.Suspect(epoch, offset);
        }
    }

    /// <summary>A life of Redis began without all that had been acknowledged: if the log went over into that life, something may be
    /// missing. Returns true if <see cref="FillAsync"/> has to run.</summary>
    public bool OnLifeBroken(string life)
    {
        lock (_gate)
        {
            return _cursor.OnLifeBroken(life);
        }
    }

    /// <summary>Sets the log's position at the time of the subscription. Returns true if <see cref="FillAsync"/> has to run.</summary>
    public bool Begin(LogPage page)
    {
        lock (_gate)
        {
            return _cursor.Begin(page);
        }
    }

    /// <summary>Reads the log until nothing is missing. Only the caller that was told to run it does so: one runs at a time.</summary>
    /// <exception cref="BackplaneUnavailableException">It has not finished, and has to be called again when Redis is back.</exception>
    public async Task FillAsync(IBackplane backplane)
    {
        const int PageSize = 128;
        while (true)
        {
            string epoch;
            long since;
            lock (_gate)
            {
                (epoch, since) = _cursor.BeginRead();
            }

            var page = await backplane.ReadAsync(_topic, epoch, since, PageSize);
            if (IsOtherHistory(page))
            {
                page = await backplane.EndEpochAsync(_topic, epoch);
            }

            SendBatch.Begin();
            try
            {
                if (TryApply(page))
                {
                    return;
                }
            }
            finally
            {
                SendBatch.End();
            }
        }
    }

    private bool IsOtherHistory(LogPage page)
    {
        lock (_gate)
        {
            return _cursor.IsOtherHistory(page);
        }
    }

    private bool TryApply(LogPage page)
    {
        lock (_gate)
        {
            return _cursor.TryApply(page);
        }
    }

    private static void Release_NeedsLock(Member member)
    {
        if (--member.Holds > 0)
        {
            return;
        }

        foreach (var frame in member.Held ?? [])
        {
            member.Connection.Enqueue(frame);
        }

        member.Held = null;
    }

    private void Leave_NeedsLock(Member member)
    {
        if (!member.IsIn)
        {
            return;
        }

        // The last one takes the place of the one that leaves.
        var last = _members[^1];
        _members[member.Index] = last;
        last.Index = member.Index;
        _members.RemoveAt(_members.Count - 1);
        member.Index = -1;
        _presence?.OnWent(_topic, member.Connection.UserId);
    }

    private Member Add_NeedsLock(Member member)
    {
        member.Index = _members.Count;
        _members.Add(member);
        _presence?.OnCame(_topic, member.Connection.UserId);
        return member;
    }
}
