using Chat.Api.Connections;
using Chat.Api.Messages;
using Chat.Api.WebSockets;

namespace Chat.Api.RawEndpoints;

/// <summary>The two formats of the raw endpoints: the first seed's text, and JSON.</summary>
internal abstract class WebSocketFormat : IFrameFormat
{
    public static readonly WebSocketFormat Text = new TextFormat();
    public static readonly WebSocketFormat Json = new JsonFormat();

    /// <summary>The kind of the signal that tells a group of a new member.</summary>
    public static ReadOnlySpan<byte> Joined => "joined"u8;

    public abstract int Index { get; }

    /// <summary>Whether clients send JSON objects on every endpoint.</summary>
    public bool IsJson => this == Json;

    public abstract Frame? Message(Topic topic, scoped in Envelope envelope);

    public abstract Frame? Subscribed(Topic topic, string epoch, long offset, bool recovered);

    public abstract Frame? Reconnect(TimeSpan after);

    public abstract Frame? Presence(Topic topic, PresenceNews news);

    /// <summary>Null if this format has no frame for it.</summary>
    public abstract Frame? Ack(ReadOnlySpan<byte> id, ReadOnlySpan<byte> epoch, long offset);

    /// <param name="error">What was wrong.</param>
    /// <param name="id">The client's id of the message it was about, or empty.</param>
    public abstract Frame Error(ClientError error, ReadOnlySpan<byte> id);

    public Frame? Forbidden(Topic topic, DateTimeOffset? until) => Forbidden(topic, until, default);

    /// <summary>As above, in answer to a message.</summary>
    public abstract Frame Forbidden(Topic topic, DateTimeOffset? until, ReadOnlySpan<byte> id);

    /// <summary>It could not be found out whether the client may do something in a topic.</summary>
    public abstract Frame Unanswered(Topic topic, ReadOnlySpan<byte> id);

    /// <summary>Tells a client that it has joined a group.</summary>
    public abstract Frame JoinedIt(Topic group, WebSocketConnection connection);

    /// <summary>Tells a client about a group that it is not in.</summary>
    public abstract Frame NotInGroup(ClientError error, string userId, string group, ReadOnlySpan<byte> id);

    /// <summary>The first seed's words for a joining.</summary>
    public static string JoinedText(string userId, string group) => $"user 【{userId}】 add  to group 【{group}】";

    /// <summary>Writes JSON-escaped bytes as the text that they stand for.</summary>
    protected static void Unescape(FrameWriter writer, ReadOnlySpan<byte> json, bool isEscaped)
    {
        if (!isEscaped)
        {
            writer.Write(json);
        }
        else if (!JsonText.TryUnescape(json, writer))
        {
            writer.Write("\uFFFD"u8); // half a surrogate pair, from a node that is not ours
        }
    }
}
