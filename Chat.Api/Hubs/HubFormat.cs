using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.Hubs;

/// <summary>Invocations of SignalR's JSON protocol, each ended by the record separator: what a topic has to say to hub clients.</summary>
/// <remarks><c>{"type":1,"target":"message","arguments":[{"message":"hi","group":"42","nick":"anna","id":"…","epoch":"…","offset":7,"at":…}]}</c>.
/// Strings of an envelope are JSON already and are copied, as are ids of topics. The protocol is described in SignalR's HubProtocol.md.</remarks>
internal sealed class HubFormat : IFrameFormat
{
    /// <summary>Ends each of the protocol's messages.</summary>
    public const byte RecordSeparator = 0x1e;

    /// <summary>Each message in a WebSocket frame.</summary>
    public static readonly HubFormat WebSocket = new(index: 2);

    /// <summary>For the transports that have their own framing: server-sent events and long polling.</summary>
    public static readonly HubFormat Stream = new(index: 3);

    private HubFormat(int index) => Index = index;

    public int Index { get; }

    public Frame? Message(Topic topic, scoped in Envelope envelope)
    {
        if (envelope.Kind.SequenceEqual("joined"u8))
        {
            return Joined(topic, envelope);
        }

        if (!envelope.Kind.IsEmpty)
        {
            return null; // removals are told by signals
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

        return End(writer);
    }

    public Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered)
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

    /// <summary>The protocol's close message. A client that reconnects by itself does so at each of our reasons.</summary>
    public Frame Close(CloseReason reason)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"type\":7,\"error\":\""u8);
        writer.Write(Encoding.UTF8.GetBytes(reason.Text)); // nothing in our texts needs escaping
        writer.Write("\",\"allowReconnect\":true}\u001e"u8);
        return Finish(writer);
    }

    /// <summary>The refusal of a connection, in place of the answer to its handshake.</summary>
    public Frame HandshakeError(string text)
    {
        var writer = FrameWriter.Begin();
        writer.Write("{\"error\":\""u8);
        writer.Write(Encoding.UTF8.GetBytes(text));
        writer.Write("\"}\u001e"u8);
        return Finish(writer);
    }

    /// <summary>What SignalR itself has to say.</summary>
    public Frame Wrap(ReadOnlySpan<byte> bytes)
    {
        var writer = FrameWriter.Begin();
        writer.Write(bytes);
        return Finish(writer);
    }

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

    private Frame Finish(FrameWriter writer) => this == WebSocket ? writer.End(WebSocketOpcode.Text) : writer.End();
}
