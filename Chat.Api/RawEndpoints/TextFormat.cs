using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.WebSockets;

namespace Chat.Api.RawEndpoints;

/// <summary>The texts of the first seed, to the letter: its clients parse them.</summary>
internal sealed class TextFormat : WebSocketFormat
{
    public override int Index => 0;

    public override Frame? Message(Topic topic, scoped in Envelope envelope)
    {
        // For the first seed, a join is a message from the joiner that says so.
        if (!envelope.Kind.IsEmpty && !envelope.Kind.SequenceEqual(Joined))
        {
            return null; // a signal of a newer node
        }

        var writer = FrameWriter.Begin();
        switch (topic.Kind)
        {
            case TopicKind.User:
                writer.Write("user "u8);
                Unescape(writer, envelope.From, envelope.FromIsEscaped);
                writer.Write(" send:"u8);
                break;
            case TopicKind.Group:
                writer.Write("group 【"u8);
                writer.Write(topic.Utf8Id.Span);
                writer.Write("】 user 【"u8);
                Unescape(writer, envelope.From, envelope.FromIsEscaped);
                writer.Write("】 send:"u8);
                break;
            default:
                writer.Write("user 【"u8);
                Unescape(writer, envelope.From, envelope.FromIsEscaped);
                writer.Write("】 send all:"u8);
                break;
        }

        Unescape(writer, envelope.Msg, envelope.MsgIsEscaped);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered) => null;

    public override Frame? Reconnect(TimeSpan after) => null;

    public override Frame? Presence(Topic topic, PresenceNews news) => null;

    public override Frame? Ack(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset) => null;

    public override Frame Error(ClientError error, ReadOnlySpan<byte> id) => Line($"error: {error.Text}");

    public override Frame Forbidden(Topic topic, DateTimeOffset? until, ReadOnlySpan<byte> id) => Error(ClientError.ForbiddenUntil(until), id);

    public override Frame Unanswered(Topic topic, ReadOnlySpan<byte> id) => Error(ClientError.Unanswered, id);

    public override Frame JoinedIt(Topic group, WebSocketConnection connection) => Line(JoinedText(connection.UserId, group.Id));

    public override Frame NotInGroup(ClientError error, string userId, string group, ReadOnlySpan<byte> id) =>
        Line(error == ClientError.UnknownGroup ? $"group【{group}】 not exists" : $"user 【{userId}】 not in 【{group}】");

    private static Frame Line(string text)
    {
        var writer = FrameWriter.Begin();
        writer.Write(Encoding.UTF8.GetBytes(text));
        return writer.End(WebSocketOpcode.Text);
    }
}
