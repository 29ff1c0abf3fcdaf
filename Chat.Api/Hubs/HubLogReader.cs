using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Microsoft.Extensions.Options;

namespace Chat.Api.Hubs;

/// <summary>Reads a group's log in pieces, until there is enough for one answer.</summary>
internal sealed class HubLogReader(IBackplane backplane, IOptions<ConnectionOptions> options)
{
    private const int Piece = 32; // messages per read: a megabyte where each is as large as may be
    private const int OutboxParts = 4; // an answer takes at most this part of an outbox, whatever else waits in it

    private int Room => options.Value.OutboxBytes / OutboxParts;

    /// <summary>From a position on, oldest first, while there is room.</summary>
    /// <param name="group">The group.</param>
    /// <param name="head">Its log's life and end.</param>
    /// <param name="since">The last offset already known.</param>
    /// <param name="most">Messages at most.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<LogAnswer> ReadAfterAsync(Topic group, LogPosition head, long since, int most)
    {
        var answer = new LogAnswer(group, head);
        var room = Room;
        for (var at = since; at < head.Offset && most > 0 && room > 0; at = answer.Offset)
        {
            var piece = await backplane.ReadAsync(group, head.Epoch, at, Math.Min(most, Piece));
            if (piece.Envelopes.Count == 0)
            {
                break; // the log has gone meanwhile
            }

            if (!answer.IsEmpty && Envelope.TryParse(piece.Envelopes[0], out var first) && first.Offset != at + 1)
            {
                break; // it was cut off meanwhile; the next question learns of that
            }

            foreach (var utf8 in piece.Envelopes)
            {
                room -= utf8.Length;
                if (room >= 0 || answer.IsEmpty)
                {
                    answer.Add(utf8);
                }
            }

            most -= piece.Envelopes.Count;
        }

        return answer;
    }

    /// <summary>Up to the end, as many as there is room for, but none up to a position.</summary>
    /// <param name="group">The group.</param>
    /// <param name="head">Its log's life and end.</param>
    /// <param name="since">The last offset that is not wanted.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<LogAnswer> ReadLatestAsync(Topic group, LogPosition head, long since)
    {
        var newestFirst = new List<byte[]>();
        var room = Room;
        for (var end = head.Offset; end > since && room > 0;)
        {
            var from = Math.Max(since, end - Piece);
            var piece = await backplane.ReadAsync(group, head.Epoch, from, (int)(end - from));
            var inPiece = piece.Envelopes.Where(utf8 => Envelope.TryParse(utf8, out var envelope) && envelope.Offset > from && envelope.Offset <= end).ToList();
            for (var i = inPiece.Count - 1; i >= 0 && room > 0; i--)
            {
                room -= inPiece[i].Length;
                if (room >= 0 || newestFirst.Count == 0)
                {
                    newestFirst.Add(inPiece[i]);
                }
            }

            if (inPiece.Count < end - from)
            {
                break; // here the log begins
            }

            end = from;
        }

        var answer = new LogAnswer(group, head);
        newestFirst.Reverse();
        newestFirst.ForEach(answer.Add);
        return answer;
    }
}
