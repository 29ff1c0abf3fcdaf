using System.Text;
using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.WebSockets;

namespace Chat.Api.Hubs;

/// <summary>How hub clients are spoken to: in one of SignalR's protocols, in WebSocket frames or in a transport that has framing of its own.</summary>
/// <remarks>What topics deliver is encoded here, once for all who use a format; whatever else the hub says, SignalR encodes. The
/// protocols are described in SignalR's HubProtocol.md.</remarks>
internal abstract class HubFormat(int index, bool isFramed) : IFrameFormat
{
    private static readonly HubFormat JsonFrames = new HubJsonFormat(index: 2, isFramed: true);
    private static readonly HubFormat JsonStream = new HubJsonFormat(index: 3, isFramed: false);
    private static readonly HubFormat MessagePackFrames = new HubMessagePackFormat(index: 4, isFramed: true);
    private static readonly HubFormat MessagePackStream = new HubMessagePackFormat(index: 5, isFramed: false);

    /// <summary>Names of the protocols, as a handshake has them.</summary>
    public static IReadOnlyList<string> Protocols { get; } = [Json, MessagePack];

    private const string Json = "json";
    private const string MessagePack = "messagepack";

    public int Index => index;

    /// <summary>Of its WebSocket frames.</summary>
    protected abstract WebSocketOpcode Opcode { get; }

    /// <param name="protocol">As a handshake names it, in whichever case, as for SignalR. Of any but <see cref="Protocols"/> SignalR refuses the handshake, in JSON.</param>
    /// <param name="isFramed">Whether each message is a WebSocket frame; else the transport, server-sent events or long polling, has framing of its own.</param>
    public static HubFormat Of(string? protocol, bool isFramed) => string.Equals(protocol, MessagePack, StringComparison.OrdinalIgnoreCase)
        ? isFramed ? MessagePackFrames : MessagePackStream
        : isFramed ? JsonFrames : JsonStream;

    public abstract Frame? Message(Topic topic, scoped in Envelope envelope);

    public abstract Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered);

    /// <summary>The protocol's close message. A client that reconnects by itself does so at each of our reasons.</summary>
    public abstract Frame Close(CloseReason reason);

    /// <summary>Counts the records of what a client sends.</summary>
    public abstract HubRecords NewRecords();

    /// <summary>What SignalR itself has to say.</summary>
    public Frame Wrap(ReadOnlySpan<byte> bytes)
    {
        var writer = FrameWriter.Begin();
        writer.Write(bytes);
        return Finish(writer);
    }

    /// <summary>The refusal of a connection, in place of the answer to its handshake: JSON in every protocol.</summary>
    public Frame HandshakeError(string text) => Wrap(Encoding.UTF8.GetBytes($$"""{"error":"{{text}}"}""" + (char)HubJsonFormat.RecordSeparator));

    protected Frame Finish(FrameWriter writer) => isFramed ? writer.End(Opcode) : writer.End();
}
