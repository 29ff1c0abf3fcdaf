using System.Buffers;
using System.Text;
using Chat.Api.Access;
using Chat.Api.Messages;

namespace Chat.Api.RawEndpoints;

/// <summary>Everything a client sends goes to one topic: <c>/chat/group</c> and <c>/chat/all</c>.</summary>
/// <param name="access">What the connection may do in the topic.</param>
internal sealed class TopicReader(TopicAccess access) : IMessageReader
{
    public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
    {
        var topic = access.Topic;
        if (!connection.Format.IsJson)
        {
            if (!access.May(Rights.Post))
            {
                connection.Forbid(topic, Rights.Post, default);
                return null;
            }

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
        else if (!access.May(Rights.Post))
        {
            connection.Forbid(topic, Rights.Post, message.MsgId);
        }
        else
        {
            connection.Publish(topic.Kind, topic.Utf8Name.Span, message.Msg, message.MsgId);
        }

        return null;
    }

    // The connection has lost its purpose: it could only write to a topic that it does not hear.
    public void OnRemoved(WebSocketConnection connection, Topic topic) => connection.CloseFor(access);
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
        else if (connection.TryPublishToUser(message) is { } unknown)
        {
            return connection.AskAsync(unknown, this, utf8);
        }

        return null;
    }

    public void OnRemoved(WebSocketConnection connection, Topic topic)
    {
        // The connection is in no group.
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

    /// <param name="connection">The connection that sent it.</param>
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

    /// <summary>Publishes a one-to-one message, by its <c>Id</c> and <c>Msg</c>. A message without <c>Msg</c> counts as an empty one, as
    /// for the first seed.</summary>
    /// <returns>Null if the message has been dealt with, one way or another. Otherwise the topic, for which it is not known whether the
    /// user may write to it.</returns>
    public static Topic? TryPublishToUser(this WebSocketConnection connection, scoped in ClientMessage message)
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
        else if (!connection.Access.TryKnow(topic, out var rights))
        {
            return Topic.Parse(Encoding.UTF8.GetString(topic));
        }
        else if ((rights & Rights.Post) == 0)
        {
            connection.Forbid(Topic.Parse(Encoding.UTF8.GetString(topic))!, Rights.Post, message.MsgId);
        }
        else
        {
            connection.Publish(TopicKind.User, topic, message.Msg, message.MsgId);
        }

        return null;
    }

    /// <summary>Asks whether the user may write to a topic, and then reads the message once more. The connection's next message waits for
    /// this one.</summary>
    public static Task? AskAsync(this WebSocketConnection connection, Topic topic, IMessageReader reader, ReadOnlySpan<byte> utf8)
    {
        var asking = connection.Access.RightsAsync(topic);
        return asking.IsCompletedSuccessfully ? reader.Read(connection, utf8) : ReadAgainAsync(utf8.ToArray());

        async Task ReadAgainAsync(byte[] copy)
        {
            await asking;
            await (reader.Read(connection, copy) ?? Task.CompletedTask);
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
