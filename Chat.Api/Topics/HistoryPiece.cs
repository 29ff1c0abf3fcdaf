using System.Text;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

/// <summary>A piece of a topic's log, collected for an answer.</summary>
/// <param name="head">The end of the log when the piece was begun.</param>
internal sealed class HistoryPiece(LogPosition head)
{
    private readonly List<LoggedMessage> _messages = [];
    private readonly List<LoggedDeletion> _deletions = [];
    private long _first;
    private long _last;

    public bool IsEmpty => _first == 0;

    /// <summary>Whether there is anything in it for the reader.</summary>
    public bool HasAny => _messages.Count + _deletions.Count > 0;

    public string Epoch => head.Epoch;

    /// <summary>The offset up to which the piece goes.</summary>
    public long Offset => IsEmpty ? head.Offset : _last;

    /// <summary>Whether the log continues after the piece.</summary>
    public bool IsMore => Offset < head.Offset;

    public IReadOnlyList<LoggedMessage> Messages => _messages;

    /// <summary>The messages of which the piece says that they were deleted. Whoever comes from before the piece may have them.</summary>
    public IReadOnlyList<LoggedDeletion> Deletions => _deletions;

    /// <summary>Whether no message is missing between an offset and the piece.</summary>
    public bool StartsAt(long since) => IsEmpty ? since >= head.Offset : _first == since + 1;

    public void Add(byte[] utf8)
    {
        if (!Envelope.TryParse(utf8, out var envelope))
        {
            return;
        }

        _first = IsEmpty ? envelope.Offset : _first;
        _last = envelope.Offset;
        if (envelope.Kind.IsEmpty)
        {
            _messages.Add(new LoggedMessage(
                JsonText.ToText(envelope.From), JsonText.ToText(envelope.Msg), envelope.Id.IsEmpty ? null : JsonText.ToText(envelope.Id),
                Encoding.ASCII.GetString(envelope.Epoch), envelope.Offset, envelope.At));
        }
        else if (envelope.IsDeletion && DeletedMessage.TryParse(envelope, out var message))
        {
            _deletions.Add(new LoggedDeletion(
                JsonText.ToText(envelope.From), Encoding.ASCII.GetString(envelope.Epoch), envelope.Offset, envelope.At,
                new MessagePlace(Encoding.UTF8.GetString(message.Id), Encoding.ASCII.GetString(message.Epoch), message.Offset)));
        }
    }
}

/// <param name="From">The user who wrote it.</param>
/// <param name="Msg">The text.</param>
/// <param name="Id">The message's id.</param>
/// <param name="Epoch">The life of the log in which it was published.</param>
/// <param name="Offset">Its place in the log.</param>
/// <param name="At">When the publishing node took it, in Unix milliseconds.</param>
internal sealed record LoggedMessage(string From, string Msg, string? Id, string Epoch, long Offset, long At);

/// <param name="From">Who had it deleted.</param>
/// <param name="Epoch">The life of the log in which it was deleted.</param>
/// <param name="Offset">The place of this notice in the log.</param>
/// <param name="At">When a node took it, in Unix milliseconds.</param>
/// <param name="Deleted">The message that was deleted.</param>
internal sealed record LoggedDeletion(string From, string Epoch, long Offset, long At, MessagePlace Deleted);

/// <param name="Id">The message's id.</param>
/// <param name="Epoch">The life of the log in which it was published.</param>
/// <param name="Offset">Its place in the log.</param>
internal sealed record MessagePlace(string Id, string Epoch, long Offset);
