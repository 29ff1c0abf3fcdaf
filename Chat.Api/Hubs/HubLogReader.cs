using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Topics;
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
        var reader = new LogReader(backplane, group, head.Epoch, since, Piece);
        while (reader.Offset < head.Offset && most > 0 && room > 0)
        {
            var piece = await reader.ReadAsync(head.Offset, most);
            if (piece.Page.Envelopes.Count == 0 || (!answer.IsEmpty && !piece.IsWhole))
            {
                break; // the log has gone or was cut off meanwhile; the next question learns of that
            }

            foreach (var utf8 in piece.Page.Envelopes)
            {
                room -= utf8.Length;
                if (room >= 0 || answer.IsEmpty)
                {
                    answer.Add(utf8);
                }
            }

            most -= piece.Page.Envelopes.Count;
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
            var piece = await new LogReader(backplane, group, head.Epoch, from, Piece).ReadAsync(end);
            var inPiece = piece.Page.Envelopes.Where(utf8 => Envelope.TryParse(utf8, out var envelope) && envelope.Offset > from && envelope.Offset <= end).ToList();
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
