using Chat.Api.Backplane;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Topics;

/// <summary>Reads topics' logs in small steps, until there is enough for one answer.</summary>
internal sealed class TopicHistory(IBackplane backplane, IOptions<BackplaneOptions> options)
{
    private const int Step = 32; // messages per read: a megabyte if each has the maximum size
    private const int NoticeParts = 4; // of the room for the latest messages, so much more is for what is said of deletions

    /// <summary>The messages after a position, oldest first. If the log continues only an earlier part of the position's history, they
    /// begin where the two part. Without a position, or if the log knows nothing of it, the latest messages.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="since">The position.</param>
    /// <param name="most">Messages at most.</param>
    /// <param name="room">Bytes of envelopes at most, but always one message.</param>
    /// <returns>The messages, and whether none is missing between the position and them.</returns>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<(HistoryPiece Piece, bool IsWhole)> ReadAsync(Topic topic, LogPosition? since, int most, int room)
    {
        if (since is not { } position)
        {
            var latest = await backplane.ReadLatestAsync(topic, Math.Min(most, Step));
            return (await ReadLatestAsync(topic, new LogPosition(latest.Epoch, latest.Last), 0, most, room, latest), true);
        }

        var log = await backplane.ReadAsync(topic, position.Epoch, position.Offset, 0);
        var head = new LogPosition(log.Epoch, log.Last);
        if (log.Common >= 0)
        {
            var after = await ReadAfterAsync(topic, head, Math.Min(position.Offset, log.Common), most, room);
            return (after, log.Continues(position.Offset) && after.StartsAt(position.Offset));
        }

        return (await ReadLatestAsync(topic, head, 0, most, room), false);
    }

    /// <summary>Reads from a position on, oldest first, while there is room.</summary>
    private async Task<HistoryPiece> ReadAfterAsync(Topic topic, LogPosition head, long since, int most, int room)
    {
        var answer = new HistoryPiece(head);
        var reader = new LogReader(backplane, topic, head.Epoch, since, Step, ReadBounds.InTurn, ReadBounds.InTurn);
        while (reader.Offset < head.Offset && most > 0 && room > 0)
        {
            var piece = await reader.ReadAsync(head.Offset, most);
            if (piece.Page.Envelopes.Count == 0 || (!answer.IsEmpty && !piece.IsWhole))
            {
                break; // the log is gone or was truncated meanwhile; the next question finds that out
            }

            foreach (var utf8 in piece.Page.Envelopes)
            {
                // Only what is in the answer takes room. So an answer with nothing in it is the last one.
                var (isMessage, isNotice) = KindOf(utf8);
                room -= isMessage || isNotice ? utf8.Length : 0;
                if (room >= 0 || !answer.HasAny)
                {
                    answer.Add(utf8);
                    most -= isMessage ? 1 : 0;
                }
            }
        }

        return answer;
    }

    /// <summary>Reads as many of the latest messages as there is room for, but none up to a position.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="head">The epoch and the end of its log.</param>
    /// <param name="since">The last offset that is not wanted.</param>
    /// <param name="most">Messages at most.</param>
    /// <param name="room">Bytes of envelopes at most, but always one message.</param>
    /// <param name="latest">The end of the log, if it has been read already.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<HistoryPiece> ReadLatestAsync(Topic topic, LogPosition head, long since, int most, int room, LogPage? latest = null)
    {
        var hasNothing = since == 0;
        since = Math.Max(since, head.Offset - most - options.Value.LogOf(topic.Kind).MostRemovals); // what is no message is skipped: removals, deletions, and what is deleted
        var newestFirst = new List<byte[]>();
        var (page, step) = (latest, Math.Min(most, Step));
        var (noticeRoom, hasMessage) = (room / NoticeParts, false);
        for (var end = head.Offset; end > since && most > 0 && room > 0;)
        {
            var from = Math.Max(since, end - step);
            page ??= (await new LogReader(backplane, topic, head.Epoch, from, Step, ReadBounds.InTurn, ReadBounds.InTurn).ReadAsync(end)).Page;
            var inPiece = page.Envelopes.Where(utf8 => Envelope.TryParse(utf8, out var envelope) && envelope.Offset > from && envelope.Offset <= end).ToList();
            for (var i = inPiece.Count - 1; i >= 0 && most > 0 && room > 0; i--)
            {
                var (isMessage, isNotice) = KindOf(inPiece[i]); // if it is neither, it is not in the answer
                noticeRoom -= isNotice ? inPiece[i].Length : 0;
                if (isNotice && noticeRoom < 0)
                {
                    room = hasNothing ? room : 0; // a reader who has nothing of this log does not need it, and another one is told of a hole
                    continue;
                }

                room -= isMessage ? inPiece[i].Length : 0;
                if (room >= 0 || (isMessage && !hasMessage))
                {
                    newestFirst.Add(inPiece[i]);
                    most -= isMessage ? 1 : 0;
                    hasMessage |= isMessage;
                }
            }

            if (inPiece.Count < end - from)
            {
                break; // the log begins here
            }

            (end, page, step) = (from, null, Step);
        }

        var answer = new HistoryPiece(head);
        newestFirst.Reverse();
        newestFirst.ForEach(answer.Add);
        return answer;
    }

    private static (bool IsMessage, bool IsNotice) KindOf(byte[] utf8) =>
        Envelope.TryParse(utf8, out var envelope) ? (envelope.Kind.IsEmpty, envelope.IsDeletion) : default;
}
