using Chat.Api.Backplane;
using Chat.Api.Messages;
using Chat.Api.Topics;
using Microsoft.Extensions.Options;

namespace Chat.Api.Memberships;

/// <summary>Decides whether a raw connection may be in a group (<see cref="MembershipOptions.MembersOnly"/>).</summary>
/// <remarks>The hub keeps the memberships. A raw connection first joins the group with its messages held, then asks for the membership, and only then
/// gets messages. So either the connection finds that its user has left, or the removal finds the connection.</remarks>
internal sealed class GroupAccess(
    IMemberships memberships, RawMembers raw, IBackplane backplane, IOptions<MembershipOptions> options, IOptions<DefaultChats> chats)
{
    public bool IsRestricted(Topic topic) => options.Value.MembersOnly && topic.Kind == TopicKind.Group;

    /// <exception cref="BackplaneUnavailableException">Redis did not answer.</exception>
    public async Task<bool> MayBeInAsync(string userId, Topic topic)
    {
        if (!IsRestricted(topic))
        {
            return true;
        }

        // A user of whom nothing is known begins in the default groups, as on the hub.
        var groups = await memberships.ReadAsync(Topic.User(userId), [.. chats.Value.Groups.Select(group => KeyValuePair.Create(group, 0L))]);
        return groups.Groups.ContainsKey(topic.Id);
    }

    /// <summary>Joins a restricted group. Returns null if the user is no member of it, or was not let in.</summary>
    /// <param name="topic">The group.</param>
    /// <param name="connection">The connection of the member.</param>
    /// <param name="since">The position up to which the client has the messages; null if it has everything up to now.</param>
    /// <param name="isLetIn">Called after the member has joined, and before anything is sent to it.</param>
    /// <exception cref="BackplaneUnavailableException">Redis did not answer; the connection has not joined.</exception>
    public async Task<Member?> TryJoinAsync(LocalTopic topic, Connections.Connection connection, LogPosition? since, Func<Member, bool> isLetIn)
    {
        var member = topic.JoinHeld(connection, since ?? default, out var epoch, out var offset);
        try
        {
            if (!isLetIn(member) || !await MayBeInAsync(connection.UserId, topic.Topic))
            {
                topic.Leave(member);
                return null;
            }
        }
        catch
        {
            topic.Leave(member);
            throw;
        }

        raw.Add(connection);
        await TopicReplay.CatchUpAsync(member, since ?? new LogPosition(epoch, offset), epoch, offset, backplane);
        return member;
    }

    /// <summary>Called when a raw connection has ended.</summary>
    public void Leave(Connections.Connection connection) => raw.Leave(connection);
}
