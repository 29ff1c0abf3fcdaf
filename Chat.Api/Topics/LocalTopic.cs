using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>A topic on this node: its local members, and how far this node has delivered its log.</summary>
/// <remarks>
/// <para>Guarantee: each member gets what is published after it joined, in the order of offsets, each offset once.
/// Where that cannot be kept, because a gap's messages are no longer in the log, members are told.</para>
/// <para>Mechanism: while <em>live</em>, an envelope with the next offset is delivered at once. Any other makes the
/// topic <em>fill</em>: envelopes wait, the log is read from the last delivered offset on, then come those that
/// waited. Everything happens under one lock per topic, which is never held across a wait.</para>
/// </remarks>
internal sealed partial class LocalTopic(Topic topic, byte[] node, TopicMetrics metrics, IMembershipListener? memberships = null)
{
    private const int MaxWaiting = 1024; // more are left to the log

    private readonly Lock _gate = new(); // guards everything below
    private readonly List<Member> _members = [];
    private readonly Queue<byte[]> _waiting = [];
    private string _epoch = "";
    private byte[] _epochUtf8 = [];
    private byte[] _endedEpoch = [];
    private long _last;
    private int _lastMark; // of the message at _last; 0: not known
    private Lineage _lineage = Lineage.None;
    private bool _owesHole; // the log is another one, and from where on it is to be had the next read tells
    private bool _isLive;
    private bool _mustReadAgain;
    private int _waitedBeforeRead; // of those that wait, how many did so when the last read began

    public Topic Topic => topic;

    /// <summary>Connections that use it or are about to. Guarded by the <see cref="TopicTable"/>'s lock, as are the next two.</summary>
    public int References { get; set; }

    /// <summary>When the last reference went.</summary>
    public long IdleSince { get; set; }

    /// <summary>Subscribing, or done with it; shared by everyone who joins.</summary>
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
                return (_epoch, _last);
            }
        }
    }

    /// <summary>Adds a member that hears everything from here on, and tells it from where.</summary>
    public Member Join(Connection connection)
    {
        lock (_gate)
        {
            var member = Add_NeedsLock(new Member(this, connection));
            Tell_NeedsLock(member, recovered: true);
            return member;
        }
    }

    /// <summary>Adds a member, if nothing was published since a position; else null.</summary>
    public Member? TryJoin(Connection connection, (string Epoch, long Offset) at)
    {
        lock (_gate)
        {
            return at == (_epoch, _last) ? Join(connection) : null;
        }
    }

    /// <summary>Adds a member whose frames wait until <see cref="Release"/>, and says from which position on they do.</summary>
    /// <param name="connection">The member's.</param>
    /// <param name="since">What its client has already; it does not get that again.</param>
    /// <param name="epoch">The log's life here.</param>
    /// <param name="offset">How far this node has delivered it.</param>
    /// <param name="generation">See <see cref="Member.Generation"/>.</param>
    public Member JoinHeld(Connection connection, LogPosition since, out string epoch, out long offset, long generation = 0)
    {
        lock (_gate)
        {
            (epoch, offset) = (_epoch, _last);
            // Perhaps of an epoch before or after this one; if it is of none, the replay makes the member join anew.
            return Add_NeedsLock(new Member(this, connection) { Held = [], Holds = 1, Known = since.Offset, Generation = generation });
        }
    }

    /// <summary>As if the member joined only now, with nothing. False: it is no longer in, and what is held for it ends with its removal.</summary>
    public bool TryJoinAnew(Member member, ref string epoch, ref long offset)
    {
        lock (_gate)
        {
            if (!member.IsIn)
            {
                return false;
            }

            (epoch, offset) = (_epoch, _last);
            (member.Held, member.Known) = ([], 0);
            return true;
        }
    }

    /// <summary>The member's replay is through. Unless something else holds it, it goes live: everything held goes into its
    /// outbox first.</summary>
    public void Release(Member member)
    {
        lock (_gate)
        {
            Release_NeedsLock(member);
        }
    }

    /// <summary>Takes a member out. What was held for it is dropped.</summary>
    public void Leave(Member member)
    {
        lock (_gate)
        {
            Leave_NeedsLock(member);
            member.Held = null;
        }
    }

    /// <summary>Step 4 of a message's path: takes an envelope from the channel. True: a gap showed, and <see cref="FillAsync"/> has to run.</summary>
    public bool Receive(ReadOnlySpan<byte> utf8)
    {
        if (!Envelope.TryParse(utf8, out var envelope))
        {
            metrics.Malformed();
            return false;
        }

        lock (_gate)
        {
            if (envelope.Offset == 0)
            {
                Deliver_NeedsLock(envelope); // a signal, or from a seed node: not in the log, so in no order to keep
                return false;
            }

            if (_isLive)
            {
                if (TryTake_NeedsLock(envelope))
                {
                    return false;
                }

                _isLive = false;
                _waiting.Enqueue(utf8.ToArray());
                return true;
            }

            if (_waiting.Count < MaxWaiting)
            {
                _waiting.Enqueue(utf8.ToArray());
            }
            else
            {
                _mustReadAgain = true;
            }

            return false;
        }
    }

    /// <summary>Something may have been missed without an envelope that shows it. True: <see cref="FillAsync"/> has to run.</summary>
    public bool Suspect()
    {
        lock (_gate)
        {
            _mustReadAgain = true; // a fill under way may have read too early
            var start = _isLive;
            _isLive = false;
            return start;
        }
    }

    /// <summary>The log has an acknowledged message at this position. True: it has not come, and <see cref="FillAsync"/> has to run.</summary>
    public bool Suspect(ReadOnlySpan<byte> epoch, long offset)
    {
        lock (_gate)
        {
            // An ended life is known to have ended, and what was lost with it has been told.
            var isKnown = epoch.SequenceEqual(_epochUtf8) ? offset <= _last : epoch.SequenceEqual(_endedEpoch);
            return !isKnown && Suspect();
        }
    }

    /// <summary>Sets where the log stands at the subscription. True: <see cref="FillAsync"/> has to run.</summary>
    public bool Begin(LogPage page)
    {
        lock (_gate)
        {
            SetEpoch_NeedsLock(page.Epoch);
            (_last, _lastMark, _lineage) = (page.Last, 0, page.Lineage);
            return !TryGoLive_NeedsLock();
        }
    }

    /// <summary>Reads the log until nothing is missing. One at a time: started by who was told to.</summary>
    /// <remarks>The message delivered last is read once more: a Redis that came back without the last of what it had
    /// acknowledged gives their offsets again, to others, and what follows then continues another history than the one
    /// delivered here. That ends the log's life.</remarks>
    /// <exception cref="BackplaneUnavailableException">Not done; to be called again when Redis is back.</exception>
    public async Task FillAsync(IBackplane backplane)
    {
        const int PageSize = 128;
        while (true)
        {
            string epoch;
            long since;
            lock (_gate)
            {
                (epoch, since) = (_epoch, _lastMark == 0 ? _last : _last - 1);
                _mustReadAgain = false; // what happens from here on is not in this read
                _waitedBeforeRead = _waiting.Count;
            }

            var page = await backplane.ReadAsync(topic, epoch, since, PageSize);
            if (IsOtherHistory(page))
            {
                page = await backplane.EndEpochAsync(topic, epoch);
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

    /// <summary>Delivers a page of the log. True: nothing is missing any more, the topic is live.</summary>
    private bool TryApply(LogPage page)
    {
        lock (_gate)
        {
            _lineage = page.Lineage; // before it is asked: what becomes known later is told by OnLifeBroken
            if (page.Epoch != _epoch && !TryGoOver_NeedsLock(page))
            {
                return false;
            }

            var before = _last;
            if (_owesHole)
            {
                (_last, _lastMark, _owesHole) = (page.Envelopes.Count > 0 ? FirstOffset(page) - 1 : page.Last, 0, false);
                Hole_NeedsLock();
            }

            foreach (var utf8 in page.Envelopes)
            {
                if (Envelope.TryParse(utf8, out var envelope) && envelope.Offset > _last)
                {
                    if (envelope.Offset != _last + 1)
                    {
                        _last = envelope.Offset - 1;
                        Hole_NeedsLock();
                    }

                    (_last, _lastMark) = (envelope.Offset, Mark(envelope));
                    DeliverLogged_NeedsLock(envelope);
                    metrics.GapFilled(1);
                }
            }

            if (_last == before && page.Last > _last)
            {
                (_last, _lastMark) = (page.Last, 0); // the log is gone by age (or what it holds is not ours), only its position is left
                Hole_NeedsLock();
            }

            return _last >= page.Last && TryGoLive_NeedsLock();
        }
    }

    /// <summary>Takes what waited. False: there is another gap.</summary>
    private bool TryGoLive_NeedsLock()
    {
        while (_waiting.TryPeek(out var utf8))
        {
            // What was published before a read and does not fit behind it belongs to an ended life of the log.
            if (Envelope.TryParse(utf8, out var envelope) && !TryTake_NeedsLock(envelope) && _waitedBeforeRead <= 0)
            {
                return false;
            }

            _waiting.Dequeue();
            _waitedBeforeRead--;
        }

        _isLive = !_mustReadAgain;
        return _isLive;
    }

    /// <summary>Delivers the next message, drops one that was delivered already. False: something is missing before it.</summary>
    private bool TryTake_NeedsLock(scoped in Envelope envelope)
    {
        if (!envelope.Epoch.SequenceEqual(_epochUtf8))
        {
            return envelope.Epoch.SequenceEqual(_endedEpoch);
        }

        if (envelope.Offset > _last + 1)
        {
            return false;
        }

        if (envelope.Offset == _last + 1)
        {
            (_last, _lastMark) = (envelope.Offset, Mark(envelope));
            DeliverLogged_NeedsLock(envelope);
        }
        else if (envelope.IsRemoval)
        {
            memberships?.OnRemoved(envelope.Id); // it took effect through the log, or before anybody was here
        }

        return true;
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
    }

    private Member Add_NeedsLock(Member member)
    {
        member.Index = _members.Count;
        _members.Add(member);
        return member;
    }

    private void SetEpoch_NeedsLock(string epoch)
    {
        _endedEpoch = _epochUtf8;
        _epoch = epoch;
        _epochUtf8 = Encoding.UTF8.GetBytes(epoch);
    }
}
