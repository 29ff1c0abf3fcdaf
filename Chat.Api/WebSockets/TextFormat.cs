using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Connections;
using Chat.Api.Topics;

namespace Chat.Api.WebSockets;

/// <summary>The texts of the first seed, to the letter: its clients parse them.</summary>
internal sealed class TextFormat : WebSocketFormat
{
    public override int Index => 0;

    public override Frame? Message(Topic topic, scoped in Envelope envelope)
    {
        var writer = FrameWriter.Begin();
        if (envelope.Kind.SequenceEqual(Joined))
        {
            WriteJoined(writer, topic, envelope);
            return writer.End(WebSocketOpcode.Text);
        }

        if (!envelope.Kind.IsEmpty)
        {
            return null; // a signal of a newer node
        }

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

    public override Frame? Ack(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset) => null;

    public override Frame Error(ClientError error, ReadOnlySpan<byte> id) => Line($"error: {error.Text}");

    public override Frame NotInGroup(ClientError error, string userId, string group, ReadOnlySpan<byte> id) =>
        Line(error == ClientError.UnknownGroup ? $"group【{group}】 not exists" : $"user 【{userId}】 not in 【{group}】");

    private static void WriteJoined(FrameWriter writer, Topic topic, scoped in Envelope envelope)
    {
        writer.Write("user 【"u8);
        Unescape(writer, envelope.From, envelope.FromIsEscaped);
        writer.Write("】 add  to group 【"u8);
        writer.Write(topic.Utf8Id.Span);
        writer.Write("】"u8);
    }

    private static Frame Line(string text)
    {
        var writer = FrameWriter.Begin();
        writer.Write(Encoding.UTF8.GetBytes(text));
        return writer.End(WebSocketOpcode.Text);
    }
}
