using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

// Going over into another epoch of the log.
//
// Guarantee: where the log goes on, so does the topic, and nobody hears of it. Where something acknowledged may be missing,
// members are told, and go on from where the two histories part.
// Mechanism: Redis says up to where an ended epoch and the log are one history. Of servers that do not tell their lives apart, the
// message delivered last is compared with the one that the log has at its offset.
internal sealed partial class LocalTopic
{
    /// <summary>A life of Redis began with less than had been acknowledged: if the log went over into it, something may be missing.</summary>
    public void OnLifeBroken(string life)
    {
        lock (_gate)
        {
            if (_lineage.Lives.Contains(life))
            {
                Hole_NeedsLock();
            }
        }
    }

    private bool IsOtherHistory(LogPage page)
    {
        lock (_gate)
        {
            return page.Epoch == _epoch
                && (page.Last < _last || (_lastMark != 0 && page.Envelopes.Count > 0 && Envelope.TryParse(page.Envelopes[0], out var envelope) && envelope.Offset == _last && Mark(envelope) != _lastMark));
        }
    }

    /// <summary>Goes over into another epoch of the log. False: the page has nothing to go on from.</summary>
    private bool TryGoOver_NeedsLock(LogPage page)
    {
        var continues = page.Continues(_last);
        SetEpoch_NeedsLock(page.Epoch);
        if (page.Common < 0)
        {
            // The log was lost with Redis. Whether anything went with it that nobody got, nobody knows.
            (_last, _lastMark, _owesHole) = (0, 0, true);
            _members.ForEach(member => member.Known = 0);
            return false;
        }

        if (!continues && !_owesHole)
        {
            // What lies behind the part in common is not what was delivered here at these offsets.
            _last = Math.Min(_last, page.Common);
            _members.ForEach(member => member.Known = Math.Min(member.Known, page.Common));
            Hole_NeedsLock();
        }

        _lastMark = 0;
        return true;
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
