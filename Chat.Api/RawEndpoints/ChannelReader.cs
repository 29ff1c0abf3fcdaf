using System.Diagnostics.CodeAnalysis;
using System.Text;
using Chat.Api.Access;
using Chat.Api.Backplane;
using Chat.Api.Memberships;
using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.RawEndpoints;

/// <summary>One connection for everything: <c>/chat/channel</c>. Each message names a method: One, UserGroup, Group, or any other name
/// for the topic <c>all</c>.</summary>
/// <param name="topics">The node's topics.</param>
/// <param name="backplane">The backplane.</param>
/// <param name="members">Decides who may be in groups.</param>
/// <param name="all">What the connection may do in the topic <c>all</c>.</param>
internal sealed class ChannelReader(TopicTable topics, IBackplane backplane, GroupAccess members, TopicAccess all) : IMessageReader
{
    private readonly Dictionary<string, TopicAccess> _groups = new(StringComparer.Ordinal); // only the connection's reading loop touches it

    public Task? Read(WebSocketConnection connection, ReadOnlySpan<byte> utf8)
    {
        if (!ClientMessage.TryParse(utf8, connection.Options.JsonDepth, out var message))
        {
            connection.Reject(ClientError.Malformed);
            return null;
        }

        if (message.Method.SequenceEqual("One"u8))
        {
            return connection.TryPublishToUser(message) is { } unknown ? connection.AskAsync(unknown, this, utf8) : null;
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

        return PublishToAll(connection, message) ? null : connection.AskAsync(all.Topic, this, utf8);
    }

    // The client has been told (JsonFormat), and is in other topics; TryFind drops the member of a group. If nobody has said no, the client may try again,
    // which it can do for a group, but for the topic all only with another connection.
    public void OnRemoved(WebSocketConnection connection, Topic topic)
    {
        if (topic == all.Topic && connection.Access.IsUndecidedIn(topic, Rights.Join))
        {
            connection.CloseFor(all);
        }
    }

    /// <summary>Leaves every group; the connection has ended.</summary>
    public void Leave()
    {
        foreach (var group in _groups.Values)
        {
            Leave(group.Member!);
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

        // Text frames carry no positions, so the client could not tell what follows from what was there before.
        if (!connection.Format.IsJson || !LogPosition.TryParse(Encoding.UTF8.GetString(message.Since), out var position))
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
            return false;
        }

        since = position;
        return true;
    }

    private bool TryFind(string group, [NotNullWhen(true)] out TopicAccess? access)
    {
        if (_groups.TryGetValue(group, out access) && !access.IsIn)
        {
            _groups.Remove(group); // the user has left the group on another connection, or may no longer be in it
            topics.Release(access.Member!.Topic);
            access = null;
        }

        return access is not null;
    }

    private void Leave(Member member)
    {
        member.Topic.Leave(member);
        topics.Release(member.Topic);
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
        if (!TryFind(group, out var access))
        {
            return RefuseAsync(connection, Topic.Group(group), message.ValidMsgId.ToArray());
        }

        Publish(connection, access.Topic, access.Now, message);
        return null;
    }

    // Returns false if it is not known whether the user may write there.
    private bool PublishToAll(WebSocketConnection connection, scoped in ClientMessage message)
    {
        var rights = all.Now;
        if (!all.IsIn && !connection.Access.TryKnow(all.Topic.Utf8Name.Span, out rights)) // what it may do there is renewed only while it is in
        {
            return false;
        }

        Publish(connection, all.Topic, rights, message);
        return true;
    }

    private static void Publish(WebSocketConnection connection, Topic topic, Rights rights, scoped in ClientMessage message)
    {
        if (!message.HasBody)
        {
            connection.Reject(ClientError.Malformed, message.ValidMsgId);
        }
        else if (message.MsgIdError() is { } error)
        {
            connection.Reject(error);
        }
        else if ((rights & Rights.Post) == 0)
        {
            connection.Forbid(topic, Rights.Post, message.MsgId);
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
                var access = await connection.Access.ReachAsync(Topic.Group(group));
                var wanted = since is null ? Rights.Join : Rights.Join | Rights.History;
                if (!access.May(wanted))
                {
                    connection.Forbid(access.Topic, wanted & ~access.Now, msgId);
                    return;
                }

                if (!await members.MayBeInAsync(connection.UserId, access.Topic)
                    || await JoinAsync(connection, access, await topics.AcquireAsync(access.Topic), since) is null)
                {
                    if (access.May(Rights.Join))
                    {
                        connection.Reject(ClientError.NotMember, msgId);
                    }
                    else
                    {
                        connection.Forbid(access.Topic, Rights.Join, msgId); // the right has just gone
                    }

                    return;
                }

                _groups[group] = access;
                connection.Watch(access);
            }
            catch (BackplaneUnavailableException)
            {
                connection.Reject(ClientError.Unavailable, msgId);
                return;
            }
        }

        Announce(connection, Topic.Group(group));
    }

    private async Task<Member?> JoinAsync(WebSocketConnection connection, TopicAccess access, LocalTopic topic, LogPosition? since)
    {
        Member? member = null;
        try
        {
            return member = members.IsRestricted(topic.Topic) ? await members.TryJoinAsync(topic, connection, since, IsLetIn)
                : since is { } position ? await TopicReplay.JoinAsync(topic, connection, position, backplane, IsLetIn)
                : Join();
        }
        finally
        {
            if (member is null)
            {
                topics.Release(topic);
            }
        }

        bool IsLetIn(Member one) => connection.Access.TryHold(access, one, readsPast: since is not null);

        Member? Join()
        {
            var live = topic.Join(connection);
            if (IsLetIn(live))
            {
                return live;
            }

            topic.Leave(live);
            return null;
        }
    }

    // The joiner is told directly, the others through the group. A seed node takes the announcement for a message, like its own announcements.
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
            // A lingering subscription of this node without a member does not mean that the group exists.
            var (here, members) = topics.TryFind(group, out var local) ? (1, local!.MemberCount) : (0, 0);
            var error = members > 0 || await backplane.CountSubscribersAsync(group) > here ? ClientError.NotMember : ClientError.UnknownGroup;
            connection.Enqueue(connection.Format.NotInGroup(error, connection.UserId, group.Id, msgId));
        }
        catch (BackplaneUnavailableException)
        {
            connection.Reject(ClientError.Unavailable, msgId);
        }
    }
}
