using Chat.Api.Messages;

namespace Chat.Tests.Simulation;

/// <summary>The messages that a client has of a topic since it was last told that something may be missing.</summary>
internal sealed class TopicView(string topic, LogPosition start, int epochNumber, bool isStartKnown)
{
    private readonly List<Said> _got = [];

    public string Topic => topic;

    public string Epoch { get; private set; } = start.Epoch;

    public long Offset { get; private set; } = start.Offset;

    /// <summary>The connection over which the client last heard of the topic.</summary>
    public long Connection { get; set; }

    public IReadOnlyList<Said> Got => _got;

    public bool Has(Said said) => _got.Contains(said);

    /// <summary>The stream continues at the client's position, perhaps under the name of another epoch.</summary>
    public void GoOn(string next) => Epoch = next;

    /// <summary>Adds a message. Returns what is wrong with it, or null.</summary>
    public string? Add(Said said)
    {
        if (said.Offset != Offset + 1)
        {
            return said.Offset <= Offset ? "again" : "behind a gap that was not told";
        }

        foreach (var before in _got)
        {
            if (before.Id == said.Id && before.From == said.From && !said.IsRemoval && !said.IsRepeated && !before.IsLost)
            {
                return "twice";
            }
        }

        _got.Add(said);
        (Epoch, Offset) = (said.Epoch, said.Offset);
        return null;
    }

    /// <summary>Drops messages that the client received but did not keep.</summary>
    public void Forget(int last)
    {
        last = Math.Min(last, isStartKnown ? _got.Count : _got.Count - 1);
        if (last <= 0)
        {
            return;
        }

        _got.RemoveRange(_got.Count - last, last);
        (Epoch, Offset) = _got.Count > 0 ? (_got[^1].Epoch, _got[^1].Offset) : (start.Epoch, start.Offset);
    }

    /// <summary>Returns what the client should have, or should have been told to miss. Null if nothing.</summary>
    /// <param name="all">All messages ever published in the topic.</param>
    /// <param name="isFollowed">Whether a later message has arrived after all of these. If not, a message that the channel lost may still be missing
    /// if no node tells how far the log goes.</param>
    public string? Misses(IReadOnlyList<Said> all, bool isFollowed)
    {
        foreach (var said in all)
        {
            if (!said.IsBehind(epochNumber, start.Offset) || Has(said))
            {
                continue;
            }

            var isKnown = said.IsAcknowledged && !said.AcknowledgedTo.Exists(node => node.Process.IsDead);
            if (!said.IsLost && (isFollowed || said.IsTold))
            {
                return $"misses {said.Id} at {said.Epoch}:{said.Offset}";
            }

            // A node that died does not look for its acknowledgements in the next life of Redis: that case is not promised.
            if (said.IsLost && isKnown)
            {
                return $"was not told that {said.Id} at {said.Epoch}:{said.Offset}, which was acknowledged, is lost";
            }
        }

        return null;
    }
}
