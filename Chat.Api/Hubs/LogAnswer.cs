using System.Text;
using Chat.Api.Messages;

namespace Chat.Api.Hubs;

/// <summary>A piece of a group's log on its way to a client.</summary>
/// <param name="group">The group.</param>
/// <param name="head">Where its log ended when this was begun.</param>
internal sealed class LogAnswer(Topic group, LogPosition head)
{
    private readonly List<GroupMessage> _messages = [];
    private long _first;
    private long _last;

    public bool IsEmpty => _first == 0;

    /// <summary>The offset up to which it goes.</summary>
    public long Offset => IsEmpty ? head.Offset : _last;

    /// <summary>Whether nothing is missing after an offset.</summary>
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
            _messages.Add(new GroupMessage(
                Text(envelope.Msg), group.Id, Text(envelope.From), envelope.Id.IsEmpty ? null : Text(envelope.Id),
                Encoding.ASCII.GetString(envelope.Epoch), envelope.Offset, envelope.At));
        }
    }

    public MessagesAnswer ToAnswer(bool isWhole) => new(head.Epoch, Offset, isWhole, _messages);

    private static string Text(ReadOnlySpan<byte> json) => JsonText.ToText(json);
}
