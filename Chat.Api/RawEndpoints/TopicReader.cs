using System.Buffers;
using Chat.Api.Connections;
using Chat.Api.Messages;

namespace Chat.Api.RawEndpoints;

/// <summary>Everything a client sends goes to one topic: <c>/chat/group</c> and <c>/chat/all</c>.</summary>
internal sealed class TopicReader(Topic topic) : IMessageReader
{
    public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
    {
        if (!connection.Format.IsJson)
        {
            connection.PublishText(topic.Kind, topic.Utf8Name.Span, utf8);
        }
        else if (!ClientMessage.TryParse(utf8, connection.Options.JsonDepth, out var message))
        {
            connection.Reject(ClientError.Malformed);
        }
        else if (!message.HasMsg)
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
        }
        else if (message.MsgIdError() is { } error)
        {
            connection.Reject(error);
        }
        else
        {
            connection.Publish(topic.Kind, topic.Utf8Name.Span, message.Msg, message.MsgId);
        }

        return null;
    }

    // What the connection was for is over; it could only talk into a group that it does not hear.
    public void OnRemoved(WebSocketConnection connection) => connection.Close(CloseReason.LeftGroup);
}

/// <summary>Each message names the user it is for: <c>/chat/user</c>.</summary>
internal sealed class UserReader : IMessageReader
{
    public static readonly UserReader Instance = new();

    public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
    {
        if (!ClientMessage.TryParse(utf8, connection.Options.JsonDepth, out var message))
        {
            connection.Reject(ClientError.Malformed);
        }
        else
        {
            connection.PublishToUser(message);
        }

        return null;
    }

    public void OnRemoved(WebSocketConnection connection)
    {
        // It is in no group.
    }
}

/// <summary>What the endpoints' readers share.</summary>
internal static class Publishing
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? scratch;

    public static void Publish(this WebSocketConnection connection, TopicKind kind, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> msg, ReadOnlySpan<byte> msgId) =>
        connection.Publish(new Publication
        {
            Kind = kind,
            Topic = topic,
            From = connection.JsonUserId,
            Msg = msg,
            MsgId = msgId,
            Via = connection.Number,
        });

    /// <param name="connection">Who sent it.</param>
    /// <param name="kind">The topic's kind.</param>
    /// <param name="topic">The topic's name.</param>
    /// <param name="text">Plain text.</param>
    public static void PublishText(this WebSocketConnection connection, TopicKind kind, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> text)
    {
        if (!JsonText.NeedsEscape(text))
        {
            connection.Publish(kind, topic, text, default);
            return;
        }

        var escaped = scratch ??= new ArrayBufferWriter<byte>();
        escaped.ResetWrittenCount();
        JsonText.Escape(text, escaped);
        if (connection.MayGrow(text.Length, escaped.WrittenCount))
        {
            connection.Publish(kind, topic, escaped.WrittenSpan, default);
        }
    }

    /// <summary>One-to-one: <c>Id</c> and <c>Msg</c> of the message. A message without <c>Msg</c> is an empty one, as for the first seed.</summary>
    public static void PublishToUser(this WebSocketConnection connection, scoped in ClientMessage message)
    {
        if (!message.HasId)
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
        }
        else if (!TopicOf(message.Id, stackalloc byte[5 + ChatId.MaxBytes], out var topic))
        {
            connection.Reject(ClientError.InvalidId, message.ValidMsgId);
        }
        else if (message.MsgIdError() is { } error)
        {
            connection.Reject(error);
        }
        else if (!connection.MayUse(topic))
        {
            connection.Reject(ClientError.TooManyNewTopics, message.MsgId);
        }
        else
        {
            connection.Publish(TopicKind.User, topic, message.Msg, message.MsgId);
        }
    }

    private static bool TopicOf(ReadOnlySpan<byte> user, Span<byte> buffer, out ReadOnlySpan<byte> topic)
    {
        "user:"u8.CopyTo(buffer);
        var isId = ChatId.TryParse(user, buffer[5..], out var id);
        id.CopyTo(buffer[5..]);
        topic = buffer[..(5 + id.Length)];
        return isId;
    }
}
