using Chat.Api.Messages;
using Chat.Api.Redis;

namespace Chat.Api.Events;

/// <summary>A topic whose queue is looked at, now or later. Only one holder at a time has its turn.</summary>
internal sealed class TopicTurn(Topic topic)
{
    public Topic Topic => topic;

    /// <summary>The mark by which the topic was found, if it was.</summary>
    public MarkedTopic? Mark { get; set; }

    /// <summary>The number of failed attempts in a row.</summary>
    public int Failures { get; set; }

    /// <summary>The timestamp of the first of these failures.</summary>
    public long FailingSince { get; set; }

    /// <summary>The timestamp of the last of them.</summary>
    public long FailedAt { get; set; }

    /// <summary>Whether its last attempt failed and the receiver has not come back since. Its next attempt is then made from a place aside
    /// (<see cref="EventPlaces"/>).</summary>
    public bool IsFailing { get; set; }

    /// <summary>The most events that may be sent together; fewer after one of several was refused.</summary>
    public int Most { get; set; } = int.MaxValue;

    public int Partition { get; } = EventMarks.PartitionOf(topic.Utf8Name.Span);

    /// <summary>How many events waited when somebody last looked.</summary>
    public long Waiting { get; set; }

    /// <summary>The bytes of these events.</summary>
    public long Bytes { get; set; }

    /// <summary>When the oldest of these events happened, in Unix milliseconds.</summary>
    public long OldestAt { get; set; }

    /// <summary>How many dropped events this node has reported, while it is unknown whether Redis has noted that; otherwise 0.</summary>
    public long ToldDropped { get; set; }

    public TurnState State { get; set; }

    /// <summary>Whether something came while the turn was under way.</summary>
    public bool IsHeard { get; set; }
}

internal enum TurnState
{
    Ready,
    UnderWay,
    Later,
}
