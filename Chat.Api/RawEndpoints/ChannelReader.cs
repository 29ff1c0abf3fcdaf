using System.Diagnostics.CodeAnalysis;
using System.Text;
using Chat.Api.Backplane;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.RawEndpoints;

/// <summary>One connection for everything: <c>/chat/channel</c>. Each message names a method: One, UserGroup, Group,
/// or any other for all.</summary>
internal sealed class ChannelReader(TopicTable topics, IBackplane backplane, GroupAccess access) : IMessageReader
{
    private readonly Dictionary<string, Member> _groups = new(StringComparer.Ordinal); // only the connection's reading loop touches it

    public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
    {
        if (!ClientMessage.TryParse(utf8, connection.Options.JsonDepth, out var message))
        {
            connection.Reject(ClientError.Malformed);
            return null;
        }

        if (message.Method.SequenceEqual("One"u8))
        {
            connection.PublishToUser(message);
            return null;
        }

        if (message.Method.SequenceEqual("UserGroup"u8))
        {
            return TryGroup(connection, message, out var group) && TrySince(connection, message, out var since)
                ? JoinAsync(connection, group, since, message.ValidMsgId.ToArray())
                : null;
        }

        if (message.Method.SequenceEqual("Group"u8))
        {
            return TryGroup(connection, message, out var group) ? PublishToGroup(connection, group, message) : null;
        }

        Publish(connection, Topic.All, message);
        return null;
    }

    public void OnRemoved(WebSocketConnection connection)
    {
        // It has been told (JsonFormat), and is in other topics; TryFind drops the member.
    }

    /// <summary>Leaves every group; the connection has ended.</summary>
    public void Leave()
    {
        foreach (var member in _groups.Values)
        {
            member.Topic.Leave(member);
            topics.Release(member.Topic);
        }
    }

    private static bool TryGroup(WebSocketConnection connection, scoped in ClientMessage message, out string group)
    {
        group = "";
        if (!message.HasGroup)
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
            return false;
        }

        if (!ChatId.TryParse(message.Group, stackalloc byte[ChatId.MaxBytes], out var id))
        {
            connection.Reject(ClientError.InvalidId, message.ValidMsgId);
            return false;
        }

        group = Encoding.UTF8.GetString(id);
        return true;
    }

    private static bool TrySince(WebSocketConnection connection, scoped in ClientMessage message, out LogPosition? since)
    {
        since = null;
        if (!message.HasSince)
        {
            return true;
        }

        // Text frames carry no positions, so that what follows could not be told from what was there before.
        if (!connection.Format.IsJson || !LogPosition.TryParse(Encoding.UTF8.GetString(message.Since), out var position))
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
            return false;
        }

        since = position;
        return true;
    }

    private bool TryFind(string group, [NotNullWhen(true)] out Member? member)
    {
        if (_groups.TryGetValue(group, out member) && !member.IsIn)
        {
            _groups.Remove(group); // its user has left the group, on another connection
            topics.Release(member.Topic);
            member = null;
        }

        return member is not null;
    }

    private void DropRemoved()
    {
        foreach (var group in _groups.Keys.ToList())
        {
            TryFind(group, out _);
        }
    }

    private Task? PublishToGroup(WebSocketConnection connection, string group, scoped in ClientMessage message)
    {
        if (!TryFind(group, out var member))
        {
            return RefuseAsync(connection, Topic.Group(group), message.ValidMsgId.ToArray());
        }

        Publish(connection, member.Topic.Topic, message);
        return null;
    }

    private static void Publish(WebSocketConnection connection, Topic topic, scoped in ClientMessage message)
    {
        if (!message.HasBody)
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
        }
        else if (message.MsgIdError() is { } error)
        {
            connection.Reject(error);
        }
        else
        {
            connection.Publish(topic.Kind, topic.Utf8Name.Span, message.Body, message.MsgId);
        }
    }

    private async Task JoinAsync(WebSocketConnection connection, string group, LogPosition? since, byte[] msgId)
    {
        if (!TryFind(group, out _))
        {
            if (_groups.Count >= connection.Options.TopicsPerConnection)
            {
                DropRemoved();
            }

            if (_groups.Count >= connection.Options.TopicsPerConnection)
            {
                connection.Metrics.Refused(nameof(connection.Options.TopicsPerConnection));
                connection.Reject(ClientError.TooManyTopics, msgId);
                return;
            }

            if (!connection.MayUse(Topic.Group(group).Utf8Name.Span))
            {
                connection.Reject(ClientError.TooManyNewTopics, msgId);
                return;
            }

            try
            {
                if (!await access.MayBeInAsync(connection.UserId, Topic.Group(group))
                    || await JoinAsync(connection, await topics.AcquireAsync(Topic.Group(group)), since) is not { } member)
                {
                    connection.Reject(ClientError.NotMember, msgId);
                    return;
                }

                _groups[group] = member;
                connection.Presence?.Add(member.Topic.Topic);
            }
            catch (BackplaneUnavailableException)
            {
                connection.Reject(ClientError.Unavailable, msgId);
                return;
            }
        }

        Announce(connection, Topic.Group(group));
    }

    private async Task<Member?> JoinAsync(WebSocketConnection connection, LocalTopic topic, LogPosition? since)
    {
        Member? member = null;
        try
        {
            return member = access.IsRestricted(topic.Topic) ? await access.TryJoinAsync(topic, connection, since)
                : since is { } position ? await TopicReplay.JoinAsync(topic, connection, position, backplane)
                : topic.Join(connection);
        }
        finally
        {
            if (member is null)
            {
                topics.Release(topic);
            }
        }
    }

    // The joiner is told directly, the others through the group; a seed node takes that for a message, as it would its own.
    private static void Announce(WebSocketConnection connection, Topic group)
    {
        connection.Enqueue(connection.Format.JoinedIt(group, connection));
        connection.Publish(new Publication
        {
            Kind = group.Kind,
            Topic = group.Utf8Name.Span,
            From = connection.JsonUserId,
            Msg = JsonText.Escape(WebSocketFormat.JoinedText(connection.UserId, group.Id)),
            Via = connection.Number,
            Signal = WebSocketFormat.Joined,
        });
    }

    private async Task RefuseAsync(WebSocketConnection connection, Topic group, byte[] msgId)
    {
        try
        {
            // A subscription of ours that lingers without a member is no sign of life.
            var here = topics.TryFind(group, out var local) && local!.MemberCount == 0 ? 1 : 0;
            var error = await backplane.CountSubscribersAsync(group) > here ? ClientError.NotMember : ClientError.UnknownGroup;
            connection.Enqueue(connection.Format.NotInGroup(error, connection.UserId, group.Id, msgId));
        }
        catch (BackplaneUnavailableException)
        {
            connection.Reject(ClientError.Unavailable, msgId);
        }
    }
}
