using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Is told what a <see cref="LogCursor"/> reads. Must not wait or block.</summary>
internal interface ILogFollower
{
    /// <summary>The next message of the log. The cursor stands on it already.</summary>
    void Next(scoped in Envelope envelope);

    /// <summary>A message came that had been passed on before.</summary>
    void Passed(scoped in Envelope envelope);

    /// <summary>Beyond this offset, the log has other messages than those that were passed on.</summary>
    void Rewound(long offset);

    /// <summary>Messages up to the cursor's current position may be missing and can no longer be read.</summary>
    void Hole();
}

/// <summary>A node's position in a topic's log, and what it has to read before it can move on. It knows nothing of members. Not thread-safe.</summary>
/// <remarks>
/// <para>Guarantee: its follower gets each offset once, in order. Where that is impossible, because the messages of a gap are no longer
/// in the log, the follower is told. If the log goes over into another epoch and nothing is lost, the follower notices nothing. If
/// something acknowledged may be missing, the follower is told, and continues from where the two histories part.</para>
/// <para>Mechanism: while it is <em>live</em>, an envelope with the next offset is passed on at once. Any other envelope begins a read:
/// envelopes wait, the log is read from the last offset on, then the waiting ones are passed on. Redis says up to where an ended epoch
/// and the log are one history (<see cref="Lineage"/>). With servers that do not tell their lives apart, the message passed on last is
/// compared with the one that the log has at its offset.</para>
/// </remarks>
internal sealed class LogCursor(ILogFollower follower, TopicMetrics metrics)
{
    /// <summary>How many envelopes may wait. Further ones are left to the log.</summary>
    public const int MaxWaiting = 1024;

    /// <summary>How many bytes of them may: a thousand short ones, or seven of the longest.</summary>
    private const int MaxWaitingBytes = 256 * 1024;

    private readonly Queue<byte[]> _waiting = [];
    private int _waitingBytes;
    private byte[] _epochUtf8 = [];
    private byte[] _endedEpoch = [];
    private int _lastMark; // of the message at Last; 0: not known
    private Lineage _lineage = Lineage.None;
    private bool _owesHole; // the log is another one; the next read tells from which offset on it is available
    private bool _isLive;
    private bool _mustReadAgain;
    private int _waitedBeforeRead; // how many of the waiting envelopes were already waiting when the last read began

    /// <summary>The life of the log.</summary>
    public string Epoch { get; private set; } = "";

    /// <summary>The offset passed on last.</summary>
    public long Last { get; private set; }

    public (string Epoch, long Offset) Position => (Epoch, Last);

    /// <summary>Sets the log's position at the time of the subscription. Returns true if the log has to be read.</summary>
    public bool Begin(LogPage page)
    {
        SetEpoch(page.Epoch);
        (Last, _lastMark, _lineage) = (page.Last, 0, page.Lineage);
        return !TryGoLive();
    }

    /// <summary>An envelope of the log has arrived. Returns true if there is a gap before it, so that the log has to be read.</summary>
    /// <param name="utf8">The envelope.</param>
    /// <param name="envelope">The same, parsed.</param>
    public bool Receive(ReadOnlySpan<byte> utf8, scoped in Envelope envelope)
    {
        if (_isLive)
        {
            if (TryTake(envelope))
            {
                return false;
            }

            _isLive = false;
            Wait(utf8);
            return true;
        }

        Wait(utf8);
        return false;
    }

    /// <summary>Something may have been missed without an envelope that shows it. Returns true if the log has to be read.</summary>
    public bool Suspect()
    {
        _mustReadAgain = true; // a read under way may have been too early
        var start = _isLive;
        _isLive = false;
        return start;
    }

    /// <summary>The log has an acknowledged message at this position. Returns true if it has not arrived, so that the log has to be read.</summary>
    public bool Suspect(ReadOnlySpan<byte> epoch, long offset)
    {
        // An ended life is known to have ended, and the follower has been told of what was lost with it.
        var isKnown = epoch.SequenceEqual(_epochUtf8) ? offset <= Last : epoch.SequenceEqual(_endedEpoch);
        return !isKnown && Suspect();
    }

    /// <summary>A life of Redis began without all that had been acknowledged: if the log went over into that life, something may be
    /// missing. Returns true if the log has to be read, which then has a hole after the present epoch.</summary>
    public bool OnLifeBroken(string life) => _lineage.HasPassed(life) && Suspect();

    /// <summary>Begins a read, and says from where. The message passed on last is read once more: a Redis that came back without the last messages
    /// that it had acknowledged gives their offsets to other messages, and what follows then continues another history.</summary>
    public (string Epoch, long Since) BeginRead()
    {
        _mustReadAgain = false; // what happens from here on is not covered by this read
        _waitedBeforeRead = _waiting.Count;
        return (Epoch, _lastMark == 0 ? Last : Last - 1);
    }

    /// <summary>Whether a page has the same epoch but shows that the log is not the one that was passed on here. That ends the epoch.</summary>
    public bool IsOtherHistory(LogPage page) => page.Epoch == Epoch
        && (page.Last < Last || (_lastMark != 0 && page.Envelopes.Count > 0 && Envelope.TryParse(page.Envelopes[0], out var envelope) && envelope.Offset == Last && Mark(envelope) != _lastMark));

    /// <summary>Passes on a page of the log. Returns true if nothing is missing any more and the cursor is live.</summary>
    public bool TryApply(LogPage page)
    {
        _lineage = page.Lineage; // set before it is asked: a loss that becomes known later comes through OnLifeBroken
        if (page.Epoch != Epoch && !TryGoOver(page))
        {
            return false;
        }

        var before = Last;
        if (_owesHole)
        {
            (Last, _lastMark, _owesHole) = (page.Envelopes.Count > 0 ? FirstOffset(page) - 1 : page.Last, 0, false);
            follower.Hole();
        }

        foreach (var utf8 in page.Envelopes)
        {
            if (Envelope.TryParse(utf8, out var envelope) && envelope.Offset > Last)
            {
                if (envelope.Offset != Last + 1)
                {
                    Last = envelope.Offset - 1;
                    follower.Hole();
                }

                Pass(envelope);
                metrics.GapFilled(1);
            }
        }

        if (Last == before && page.Last > Last)
        {
            (Last, _lastMark) = (page.Last, 0); // the log has expired (or what it holds is not ours), and only its position is left
            follower.Hole();
        }

        return Last >= page.Last && TryGoLive();
    }

    private void Wait(ReadOnlySpan<byte> utf8)
    {
        if (_waiting.Count < MaxWaiting && _waitingBytes + utf8.Length <= MaxWaitingBytes)
        {
            _waiting.Enqueue(utf8.ToArray());
            _waitingBytes += utf8.Length;
        }
        else
        {
            _mustReadAgain = true;
        }
    }

    /// <summary>Passes on the envelopes that waited. Returns false if there is another gap.</summary>
    private bool TryGoLive()
    {
        while (_waiting.TryPeek(out var utf8))
        {
            // An envelope that waited before the read began, and does not continue what was read, belongs to an ended life of the log.
            if (Envelope.TryParse(utf8, out var envelope) && !TryTake(envelope) && _waitedBeforeRead <= 0)
            {
                return false;
            }

            _waitingBytes -= _waiting.Dequeue().Length;
            _waitedBeforeRead--;
        }

        _isLive = !_mustReadAgain && !_lineage.IsDoubted; // else a possible loss has become known since the page was read
        return _isLive;
    }

    /// <summary>Passes on the next message, and drops a message that was passed on before. Returns false if something is missing before it.</summary>
    private bool TryTake(scoped in Envelope envelope)
    {
        if (!envelope.Epoch.SequenceEqual(_epochUtf8))
        {
            return envelope.Epoch.SequenceEqual(_endedEpoch);
        }

        if (envelope.Offset > Last + 1)
        {
            return false;
        }

        if (envelope.Offset == Last + 1)
        {
            Pass(envelope);
        }
        else
        {
            follower.Passed(envelope);
        }

        return true;
    }

    private void Pass(scoped in Envelope envelope)
    {
        (Last, _lastMark) = (envelope.Offset, Mark(envelope));
        follower.Next(envelope);
    }

    /// <summary>Moves on to another epoch of the log. Returns false if the page has nothing to continue from.</summary>
    private bool TryGoOver(LogPage page)
    {
        var continues = page.Continues(Last);
        SetEpoch(page.Epoch);
        if (page.Common < 0)
        {
            // The log was lost with Redis. Nobody knows whether it had messages that nobody got.
            (Last, _lastMark, _owesHole) = (0, 0, true);
            follower.Rewound(0);
            return false;
        }

        if (!continues && !_owesHole)
        {
            Last = Math.Min(Last, page.Common);
            follower.Rewound(page.Common);
            follower.Hole();
        }

        _lastMark = 0;
        return true;
    }

    private void SetEpoch(string epoch)
    {
        _endedEpoch = _epochUtf8;
        Epoch = epoch;
        _epochUtf8 = Encoding.UTF8.GetBytes(epoch);
    }

    private static long FirstOffset(LogPage page)
    {
        foreach (var utf8 in page.Envelopes)
        {
            if (Envelope.TryParse(utf8, out var envelope))
            {
                return envelope.Offset;
            }
        }

        return page.Last + 1;
    }

    // Tells a message from any other that may have its offset.
    private static int Mark(scoped in Envelope envelope)
    {
        var hash = new HashCode();
        hash.Add(envelope.At);
        hash.AddBytes(envelope.Id);
        return hash.ToHashCode() | 1;
    }
}
