using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.WebSockets;

namespace Chat.Api.RawEndpoints;

/// <summary>JSON frames, one object each, told apart by <c>type</c>. Shapes and examples are in docs/PROTOCOL.md.</summary>
/// <remarks>Strings of an envelope are JSON already and are copied, as are names of topics; message ids and epochs contain nothing to escape.</remarks>
internal sealed class JsonFormat : WebSocketFormat
{
    public override int Index => 1;

    public override Frame? Message(Topic topic, scoped in Envelope envelope)
    {
        DeletedMessage deleted = default;
        if (!envelope.Kind.IsEmpty && (envelope.IsGone || (envelope.IsDeletion && !DeletedMessage.TryParse(envelope, out deleted))))
        {
            return null;
        }

        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":\""u8);
        writer.Write(envelope.Kind.IsEmpty ? "message"u8 : envelope.Kind);
        writer.Write("\",\"topic\":\""u8);
        writer.Write(topic.JsonName.Span);
        writer.Write("\",\"from\":\""u8);
        writer.Write(envelope.From);
        if (envelope.Kind.IsEmpty)
        {
            writer.Write("\",\"msg\":\""u8);
            writer.Write(envelope.Msg);
        }

        // A message of a seed node has none of what follows.
        Property(writer, "id"u8, envelope.Id);
        writer.Write("\""u8);
        Position(writer, envelope.Epoch, envelope.Offset);
        if (envelope.At > 0)
        {
            writer.Write(",\"at\":"u8);
            writer.Write(envelope.At);
        }

        if (deleted.Offset > 0)
        {
            writer.Write(",\"deleted\":{\"id\":\""u8);
            writer.Write(deleted.Id);
            writer.Write("\""u8);
            Position(writer, deleted.Epoch, deleted.Offset);
            writer.Write("}"u8);
        }

        writer.Write("}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":\"subscribed\",\"topic\":\""u8);
        writer.Write(topic.JsonName.Span);
        writer.Write("\",\"epoch\":\""u8);
        writer.Write(Encoding.ASCII.GetBytes(epoch));
        writer.Write("\",\"offset\":"u8);
        writer.Write(offset);
        writer.Write(recovered ? ",\"recovered\":true}"u8 : ",\"recovered\":false}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame? Reconnect(TimeSpan after)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":\"reconnect\",\"afterMs\":"u8);
        writer.Write((long)after.TotalMilliseconds);
        writer.Write("}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame? Presence(Topic topic, PresenceNews news)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":\"presence\",\"topic\":\""u8);
        writer.Write(topic.JsonName.Span);
        writer.Write("\""u8);
        PresenceJson.Write(writer, news, "user"u8);
        writer.Write("}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame? Ack(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":\"ack\",\"id\":\""u8);
        writer.Write(id);
        writer.Write("\""u8);
        Position(writer, epoch, offset);
        writer.Write("}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame Error(ClientError error, ReadOnlySpan<byte> id)
    {
        var writer = BeginError(error, id);
        writer.Write("\"}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    public override Frame Unanswered(Topic topic, ReadOnlySpan<byte> id) => Refused(ClientError.Unanswered, topic, until: null, id);

    public override Frame Forbidden(Topic topic, DateTimeOffset? until, ReadOnlySpan<byte> id) => Refused(ClientError.ForbiddenUntil(until), topic, until, id);

    private static Frame Refused(ClientError error, Topic topic, DateTimeOffset? until, ReadOnlySpan<byte> id)
    {
        var writer = BeginError(error, id);
        Property(writer, "topic"u8, topic.JsonName.Span);
        writer.Write("\""u8);
        if (until is { } end)
        {
            writer.Write(",\"until\":"u8);
            writer.Write(end.ToUnixTimeMilliseconds());
        }

        writer.Write("}"u8);
        return writer.End(WebSocketOpcode.Text);
    }

    // Writes all up to the last string, whose closing quote is still to come.
    private static FrameWriter BeginError(ClientError error, ReadOnlySpan<byte> id)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":\"error\",\"code\":\""u8);
        writer.Write(Encoding.ASCII.GetBytes(error.Code));
        writer.Write(error.Retry ? "\",\"retry\":true"u8 : "\",\"retry\":false"u8);
        writer.Write(",\"msg\":\""u8);
        writer.Write(Encoding.UTF8.GetBytes(error.Text));
        Property(writer, "id"u8, id);
        return writer;
    }

    public override Frame JoinedIt(Topic group, WebSocketConnection connection) =>
        Message(group, new Envelope { Kind = Joined, From = connection.JsonUserId })!;

    public override Frame NotInGroup(ClientError error, string userId, string group, ReadOnlySpan<byte> id) => Error(error, id);

    // Continues after a string whose closing quote is still to come, and leaves its own closing quote to come as well.
    private static void Property(FrameWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            writer.Write("\",\""u8);
            writer.Write(name);
            writer.Write("\":\""u8);
            writer.Write(value);
        }
    }

    private static void Position(FrameWriter writer, ReadOnlySpan<byte> epoch, long offset)
    {
        if (offset > 0)
        {
            writer.Write(",\"epoch\":\""u8);
            writer.Write(epoch);
            writer.Write("\",\"offset\":"u8);
            writer.Write(offset);
        }
    }
}
