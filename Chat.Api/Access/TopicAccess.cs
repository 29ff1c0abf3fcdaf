using Chat.Api.Messages;
using Chat.Api.Topics;

namespace Chat.Api.Access;

/// <summary>What one connection may do in one topic. Read for every message; changed as a whole whenever an answer changes.</summary>
internal sealed class TopicAccess(Topic topic)
{
    private volatile Rights _now;

    public Topic Topic { get; } = topic;

    /// <summary>What the user may do, with sanctions taken into account.</summary>
    public Rights Now
    {
        get => _now;
        set => _now = value;
    }

    public bool May(Rights right) => (_now & right) == right;

    /// <summary>What the sources of rights say, without sanctions. Guarded by the connection's <see cref="ConnectionAccess"/>, like the properties
    /// below.</summary>
    public AccessAnswer Granted { get; set; }

    /// <summary>Keeps what is granted up to date while the connection is in the topic; null if it has never been in it.</summary>
    public Renewal? Renewal { get; set; }

    /// <summary>The connection's member in the topic; null: not yet.</summary>
    public Member? Member { get; set; }

    /// <summary>The place of this topic in the order in which the connection last came to its topics.</summary>
    public long Number { get; set; }

    /// <summary>Whether the connection is in the topic.</summary>
    public bool IsIn => Member is { IsIn: true };
}
