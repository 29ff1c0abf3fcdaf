using System.Buffers.Text;
using Chat.Api.Backplane;
using Chat.Api.Messages;

namespace Chat.Api.Topics;

// Leaving a group with every connection, on every node.
//
// Guarantee: a removal is a message of the group's log. No message with a higher offset reaches any connection of the user, on any node,
// whether the connection's client cooperates or not.
// Mechanism: each node meets the removal in the order of offsets, and takes the user's members out at that point. A node that was cut off
// in the meantime reads the removal from the log. If the log no longer has it, members are held until their memberships have been looked
// up. A user who has joined again since then has a higher generation, and stays.
internal sealed partial class LocalTopic
{
    /// <summary>Applies the result of a look-up of a member's memberships. Each doubt is settled once.</summary>
    public void Settle(Member member, bool isIn)
    {
        lock (_gate)
        {
            if (!isIn)
            {
                member.Held = null; // all of it may have been published after the removal
                Remove_NeedsLock(member);
            }

            Release_NeedsLock(member);
        }
    }

    /// <summary>Takes out a member that must no longer be in the topic, drops everything held for it, and tells its connection.</summary>
    public void Expel(Member member)
    {
        lock (_gate)
        {
            (member.Held, member.IsBarred) = (null, true);
            Remove_NeedsLock(member);
        }
    }

    private void Remove_NeedsLock(scoped in Envelope removal)
    {
        var user = JsonText.ToText(removal.From);
        if (!Utf8Parser.TryParse(removal.Msg, out long generation, out _))
        {
            _metrics.Malformed();
            return;
        }

        for (var i = _members.Count - 1; i >= 0; i--)
        {
            var member = _members[i]; // in reverse, since the last member takes the place of one that leaves
            if (member.Generation <= generation && member.Connection.UserId == user)
            {
                Remove_NeedsLock(member);
            }
        }

        _memberships?.OnRemoved(removal.Id);
    }

    // What is held for the member stays, in order: it was published before the removal.
    private void Remove_NeedsLock(Member member)
    {
        if (member.IsIn)
        {
            Leave_NeedsLock(member);
            member.Connection.Removed?.Invoke(_topic);
        }
    }

    private void Doubt_NeedsLock()
    {
        List<Member> doubted = [.. _members.Where(member => member.Generation > 0)];
        if (doubted.Count > 0 && _memberships is not null)
        {
            foreach (var member in doubted)
            {
                member.Held ??= [];
                member.Holds++;
            }

            _memberships.OnDoubt(doubted);
        }
    }
}

/// <summary>Hears what topics find out about memberships. Called under a topic's lock: must not wait, block or throw.</summary>
internal interface IMembershipListener
{
    /// <summary>A removal has taken effect here: nothing published after it reaches the user's connections on this node.</summary>
    void OnRemoved(ReadOnlySpan<byte> id);

    /// <summary>A removal may have been missed: these members are held until <see cref="LocalTopic.Settle"/> is called for each.</summary>
    void OnDoubt(IReadOnlyList<Member> members);

    /// <inheritdoc cref="IBackplaneListener.OnJoined"/>
    void OnJoined(GroupJoin join);

    /// <inheritdoc cref="IBackplaneListener.OnRestored()"/>
    void OnRestored();

    /// <inheritdoc cref="IBackplaneListener.OnRemovalConfirmed"/>
    void OnConfirmed(string id, string node);
}
