using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.Presence;
using Chat.Api.WebSockets;

namespace Chat.Api.Hubs;

/// <summary>Encodes what topics deliver in SignalR's JSON protocol: invocations, each ended by the record separator.</summary>
/// <remarks><c>{"type":1,"target":"message","arguments":[{"message":"hi","group":"42","nick":"anna","id":"…","epoch":"…","offset":7,"at":…}]}</c>.
/// Strings of an envelope, and ids of topics, are JSON already and are copied. SignalR's HubProtocol.md describes the protocol.</remarks>
internal sealed class HubJsonFormat : HubFormat
{
    /// <summary>Ends each of the protocol's messages.</summary>
    public const byte RecordSeparator = 0x1e;

    public HubJsonFormat(int index, bool isFramed)
        : base(index, isFramed)
    {
    }

    protected override WebSocketOpcode Opcode => WebSocketOpcode.Text;

    public override Frame? Message(Topic topic, scoped in Envelope envelope)
    {
        if (envelope.Kind.SequenceEqual("joined"u8))
        {
            return Joined(topic, envelope);
        }

        if (!envelope.Kind.IsEmpty)
        {
            return envelope.IsDeletion ? Deleted(topic, envelope) : null; // signals tell of removals
        }

        var isDirect = topic.Kind == TopicKind.User;
        var writer = Begin(isDirect ? "direct"u8 : "message"u8);
        writer.Write("{\"message\":\""u8);
        writer.Write(envelope.Msg);
        writer.Write(isDirect ? "\",\"to\":\""u8 : "\",\"group\":\""u8);
        writer.Write(topic.JsonId.Span);
        writer.Write("\",\"nick\":\""u8);
        writer.Write(envelope.From);
        if (!envelope.Id.IsEmpty)
        {
            writer.Write("\",\"id\":\""u8);
            writer.Write(envelope.Id);
        }

        writer.Write("\""u8);
        Place(writer, envelope);
        return End(writer);
    }

    public override Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered)
    {
        var writer = Begin("subscribed"u8);
        writer.Write(topic.Kind == TopicKind.User ? "{\"to\":\""u8 : "{\"group\":\""u8);
        writer.Write(topic.JsonId.Span);
        writer.Write("\",\"epoch\":\""u8);
        writer.Write(Encoding.ASCII.GetBytes(epoch));
        writer.Write("\",\"offset\":"u8);
        writer.Write(offset);
        writer.Write(recovered ? ",\"recovered\":true"u8 : ",\"recovered\":false"u8);
        return End(writer);
    }

    public override Frame? Forbidden(Topic topic, DateTimeOffset? until)
    {
        var writer = Begin("forbidden"u8);
        writer.Write(topic.Kind == TopicKind.User ? "{\"to\":\""u8 : "{\"group\":\""u8);
        writer.Write(topic.JsonId.Span);
        writer.Write("\""u8);
        if (until is { } end)
        {
            writer.Write(",\"until\":"u8);
            writer.Write(end.ToUnixTimeMilliseconds());
        }

        return End(writer);
    }

    public override Frame Mirror(string group)
    {
        var writer = Begin("mirror"u8);
        writer.Write("{\"method\":\"unsubscribe\",\"payload\":{\"group\":\""u8);
        writer.Write(JsonText.Escape(group));
        writer.Write("\"}"u8);
        return End(writer);
    }

    public override Frame? Presence(Topic topic, PresenceNews news)
    {
        var writer = Begin("presence"u8);
        writer.Write("{\"group\":\""u8);
        writer.Write(topic.JsonId.Span);
        writer.Write("\""u8);
        PresenceJson.Write(writer, news, "nick"u8);
        writer.Write("}]}\u001e"u8);
        return Finish(writer);
    }

    public override Frame Close(CloseReason reason)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":7,\"error\":\""u8);
        writer.Write(JsonText.Escape(reason.Text));
        writer.Write(reason.IsFinal ? "\",\"allowReconnect\":false}\u001e"u8 : "\",\"allowReconnect\":true}\u001e"u8);
        return Finish(writer);
    }

    public override HubRecords NewRecords() => HubRecords.Separated();

    private Frame Joined(Topic topic, scoped in Envelope envelope)
    {
        var writer = Begin("joined"u8);
        writer.Write("{\"group\":\""u8);
        writer.Write(topic.JsonId.Span);
        writer.Write("\",\"nick\":\""u8);
        writer.Write(envelope.From);
        writer.Write("\""u8);
        return End(writer);
    }

    private Frame? Deleted(Topic topic, scoped in Envelope envelope)
    {
        if (!DeletedMessage.TryParse(envelope, out var message))
        {
            return null;
        }

        var writer = Begin("deleted"u8);
        writer.Write(topic.Kind == TopicKind.User ? "{\"to\":\""u8 : "{\"group\":\""u8);
        writer.Write(topic.JsonId.Span);
        writer.Write("\",\"nick\":\""u8);
        writer.Write(envelope.From);
        writer.Write("\""u8);
        Place(writer, envelope);
        writer.Write(",\"deleted\":{\"id\":\""u8);
        writer.Write(message.Id);
        writer.Write("\",\"epoch\":\""u8);
        writer.Write(message.Epoch);
        writer.Write("\",\"offset\":"u8);
        writer.Write(message.Offset);
        writer.Write("}"u8);
        return End(writer);
    }

    private static void Place(FrameWriter writer, scoped in Envelope envelope)
    {
        if (envelope.Offset > 0)
        {
            writer.Write(",\"epoch\":\""u8);
            writer.Write(envelope.Epoch);
            writer.Write("\",\"offset\":"u8);
            writer.Write(envelope.Offset);
        }

        if (envelope.At > 0)
        {
            writer.Write(",\"at\":"u8);
            writer.Write(envelope.At);
        }
    }

    private static FrameWriter Begin(ReadOnlySpan<byte> target)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":1,\"target\":\""u8);
        writer.Write(target);
        writer.Write("\",\"arguments\":["u8);
        return writer;
    }

    private Frame End(FrameWriter writer)
    {
        writer.Write("}]}\u001e"u8);
        return Finish(writer);
    }
}
