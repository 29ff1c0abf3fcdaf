using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>Reads a topic's log from a position on, page by page, and detects where something is missing: for replays, history and joins.</summary>
/// <param name="backplane">Where the log is.</param>
/// <param name="topic">The topic.</param>
/// <param name="epoch">The epoch of the position.</param>
/// <param name="offset">Its offset: everything up to there is known.</param>
/// <param name="pageSize">Messages per read: when thousands come back at once, a long log must not lie in memory for each of them.</param>
/// <param name="first">The bounds of the first read.</param>
/// <param name="further">The bounds of each read after it.</param>
internal sealed class LogReader(IBackplane backplane, Topic topic, string epoch, long offset, int pageSize, ReadBounds first, ReadBounds further)
{
    private ReadBounds _bounds = first;

    /// <summary>The offset up to which this has read. An entry of the log that is no envelope has an offset, too.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>The next page, up to and including an offset. It may have more than that.</summary>
    /// <param name="to">The offset.</param>
    /// <param name="most">Messages at most, if fewer than a page.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<LogStretch> ReadAsync(long to, int most = int.MaxValue)
    {
        var from = Offset;
        var page = await backplane.ReadAsync(topic, epoch, from, (int)Math.Clamp(to - from, 0, Math.Min(most, pageSize)), _bounds);
        _bounds = further;
        var start = from < to ? FirstOffset(page, to + 1) - 1 : from;
        Offset = Math.Max(start, Math.Min(to, start + page.Envelopes.Count));
        epoch = page.Epoch;
        return new LogStretch(page, start, start == from && page.Continues(from));
    }

    private static long FirstOffset(LogPage page, long beyond)
    {
        foreach (var utf8 in page.Envelopes)
        {
            if (Envelope.TryParse(utf8, out var envelope))
            {
                return Math.Min(envelope.Offset, beyond);
            }
        }

        return beyond;
    }
}

/// <summary>A page of a log, relative to the reader's position.</summary>
/// <param name="Page">What was read.</param>
/// <param name="Start">The offset after which its messages begin.</param>
/// <param name="IsWhole">Whether its messages follow the known ones with nothing missing in between.</param>
internal sealed record LogStretch(LogPage Page, long Start, bool IsWhole);
