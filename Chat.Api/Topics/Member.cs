using Chat.Api.Connections;

namespace Chat.Api.Topics;

/// <summary>A connection in a topic on this node. All of it is guarded by the topic's lock.</summary>
internal sealed class Member(LocalTopic topic, Connection connection)
{
    public LocalTopic Topic { get; } = topic;

    public Connection Connection { get; } = connection;

    /// <summary>Which joining of its user it stems from, where that is kept (<c>Memberships/IMemberships.cs</c>); else 0.
    /// A removal takes those up to its own generation.</summary>
    public long Generation { get; init; }

    /// <summary>Its place in the topic's list; -1: it left.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Whether it is still in the topic; a removal can end that at any time.</summary>
    public bool IsIn => Index >= 0;


    /// <summary>Up to which offset its client has everything already, when it comes from a node that was ahead of this one.</summary>
    public long Known { get; set; }

    /// <summary>Live frames that wait until nothing holds it any more; null: it is live.</summary>
    public List<Frame>? Held { get; set; }

    /// <summary>What it waits for: its replay, and looks into its user's memberships, because a removal may have been missed.</summary>
    public int Holds { get; set; }
}
