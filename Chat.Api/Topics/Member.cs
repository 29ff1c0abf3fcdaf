using Chat.Api.Connections;

namespace Chat.Api.Topics;

/// <summary>A connection in a topic on this node. All of it is guarded by the topic's lock.</summary>
internal sealed class Member(LocalTopic topic, Connection connection)
{
    public LocalTopic Topic { get; } = topic;

    public Connection Connection { get; } = connection;

    /// <summary>Its place in the topic's list; -1: it left.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Up to which offset its client has everything already, when it comes from a node that was ahead of this one.</summary>
    public long Known { get; set; }

    /// <summary>Live frames that wait until a replay is through; null: it is live.</summary>
    public List<Frame>? Held { get; set; }
}
