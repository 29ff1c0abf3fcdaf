using System.Text;
using System.Text.Json;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.WebSockets;

namespace Chat.Api.Hubs;

/// <summary>Encodes frames for hub clients in one of SignalR's protocols, as WebSocket frames or for a transport with its own framing.</summary>
/// <remarks>Everything that topics deliver is encoded here, once for all members with the same format. SignalR encodes everything else. Its
/// HubProtocol.md describes the protocols.</remarks>
internal abstract class HubFormat(int index, bool isFramed) : IFrameFormat
{
    private static readonly HubFormat JsonFrames = new HubJsonFormat(index: 2, isFramed: true);
    private static readonly HubFormat JsonStream = new HubJsonFormat(index: 3, isFramed: false);
    private static readonly HubFormat MessagePackFrames = new HubMessagePackFormat(index: 4, isFramed: true);
    private static readonly HubFormat MessagePackStream = new HubMessagePackFormat(index: 5, isFramed: false);

    /// <summary>The names of the protocols, as used in a handshake.</summary>
    public static IReadOnlyList<string> Protocols { get; } = [Json, MessagePack];

    private const string Json = "json";
    private const string MessagePack = "messagepack";

    public int Index => index;

    /// <summary>The opcode of the WebSocket frames.</summary>
    protected abstract WebSocketOpcode Opcode { get; }

    /// <param name="protocol">The name from the handshake. As for SignalR, its case does not matter. If it is not among <see cref="Protocols"/>,
    /// SignalR refuses the handshake, in JSON.</param>
    /// <param name="isFramed">Whether each message is a WebSocket frame. Server-sent events and long polling have their own framing.</param>
    public static HubFormat Of(string? protocol, bool isFramed) => string.Equals(protocol, MessagePack, StringComparison.OrdinalIgnoreCase)
        ? isFramed ? MessagePackFrames : MessagePackStream
        : isFramed ? JsonFrames : JsonStream;

    public abstract Frame? Message(Topic topic, scoped in Envelope envelope);

    public abstract Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered);

    // The close message already says that reconnecting is welcome, and SignalR's clients decide themselves when.
    public Frame? Reconnect(TimeSpan after) => null;

    public abstract Frame? Forbidden(Topic topic, DateTimeOffset? until);

    /// <summary>Asks a client to forget a group that its user leaves.</summary>
    public abstract Frame Mirror(string group);

    public abstract Frame? Presence(Topic topic, PresenceNews news);

    /// <summary>The protocol's close message. A client with automatic reconnect comes back after it, unless the reason is final.</summary>
    public abstract Frame Close(CloseReason reason);

    /// <summary>Creates a counter of the records that a client sends.</summary>
    public abstract HubRecords NewRecords();

    /// <summary>Wraps bytes that SignalR itself sends.</summary>
    public Frame Wrap(ReadOnlySpan<byte> bytes)
    {
        var writer = FrameWriter.Begin();
        writer.Write(bytes);
        return Finish(writer);
    }

    /// <summary>The refusal of a connection, in place of the reply to its handshake. It is JSON in every protocol.</summary>
    /// <param name="text">The reason, in words.</param>
    /// <param name="mayReconnect">Whether trying again may help, as in a close message. Microsoft's clients ignore it here.</param>
    public Frame HandshakeError(string text, bool mayReconnect) => Wrap(Encoding.UTF8.GetBytes(
        $$"""{"error":"{{JsonEncodedText.Encode(text)}}"{{(mayReconnect ? ",\"allowReconnect\":true" : "")}}}""" + (char)HubJsonFormat.RecordSeparator));

    protected Frame Finish(FrameWriter writer) => isFramed ? writer.End(Opcode) : writer.End();
}
