using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Events;

/// <summary>A topic whose queue is looked at, now or later. Whoever has its turn has it alone.</summary>
internal sealed class TopicTurn(Topic topic)
{
    public Topic Topic => topic;

    /// <summary>The mark by which the topic was found, if it was.</summary>
    public MarkedTopic? Mark { get; set; }

    /// <summary>Attempts in a row that have failed.</summary>
    public int Failures { get; set; }

    /// <summary>The timestamp of the first of them.</summary>
    public long FailingSince { get; set; }

    /// <summary>Its last attempt failed, and the receiver has not come back since: its next one is made from a place aside (<see cref="EventPlaces"/>).</summary>
    public bool IsFailing { get; set; }

    /// <summary>As many events as may be sent together; fewer after one of several was refused.</summary>
    public int Most { get; set; } = int.MaxValue;

    public int Partition { get; } = EventMarks.PartitionOf(topic.Utf8Name.Span);

    /// <summary>How many events waited when somebody last looked.</summary>
    public long Waiting { get; set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>When the oldest of them happened, in Unix milliseconds.</summary>
    public long OldestAt { get; set; }

    /// <summary>Of how many dropped events this node has said that they were, while it is not known whether Redis has noted that; else 0.</summary>
    public long ToldDropped { get; set; }

    public TurnState State { get; set; }

    /// <summary>Something came while the turn was under way.</summary>
    public bool IsHeard { get; set; }
}

internal enum TurnState
{
    Ready,
    UnderWay,
    Later,
}
