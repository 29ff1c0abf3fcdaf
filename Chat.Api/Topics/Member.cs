using Chat.Api.Connections;

namespace Chat.Api.Topics;

/// <summary>A connection that is in a topic on this node. All of its state is guarded by the topic's lock.</summary>
internal sealed class Member(LocalTopic topic, Connection connection)
{
    public LocalTopic Topic { get; } = topic;

    public Connection Connection { get; } = connection;

    /// <summary>The generation of the user's joining to which it belongs, where memberships are kept
    /// (<c>Memberships/IMemberships.cs</c>); otherwise 0. A removal takes out all members up to its own generation.</summary>
    public long Generation { get; init; }

    /// <summary>Its index in the topic's list, or -1 once it has left.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Whether it is still in the topic. A removal can change that at any time.</summary>
    public bool IsIn => Index >= 0;

    /// <summary>It must no longer be in the topic: not even messages written before are for it.</summary>
    public bool IsBarred { get; set; }

    /// <summary>It may not, or no longer, read what was written before: its replay ends where it is.</summary>
    public bool IsReplayOver { get; set; }

    /// <summary>The offset up to which its client already has everything, if it comes from a node that was ahead of this one.</summary>
    public long Known { get; set; }

    /// <summary>The live frames that wait while something holds the member. Null when it is live.</summary>
    public List<Frame>? Held { get; set; }

    /// <summary>How many things hold the member: its replay, and look-ups of its user's memberships after a removal may have been missed.</summary>
    public int Holds { get; set; }
}
