using Chat.Api.Redis.Resp;

namespace Chat.Api.Redis;

/// <summary>What this node knows of the mark of one topic (<see cref="EventMarks"/>).</summary>
internal sealed class TopicMark(ReadOnlyMemory<byte> topic, TimeProvider time)
{
    private long _sentAt; // 0: never, or it failed
    private Confirmation? _confirmation;

    public ReadOnlyMemory<byte> Topic => topic;

    public int Partition { get; } = EventMarks.PartitionOf(topic.Span);

    /// <summary>Whether it is time to mark the topic, again or for the first time.</summary>
    public bool IsDue => Volatile.Read(ref _sentAt) is var at && (at == 0 || time.GetElapsedTime(at) >= EventMarks.RenewAfter);

    /// <summary>Whether the topic is certain to be marked. It is not in another life of Redis, which may have lost the mark.</summary>
    public bool Stands => Volatile.Read(ref _confirmation) is { } confirmed
        && time.GetElapsedTime(confirmed.SentAt) < EventMarks.StandsFor
        && confirmed.Link.IsUp && confirmed.Link.Life == confirmed.Life;

    /// <summary>Notes that a mark is being sent, and returns the time.</summary>
    public long Sending()
    {
        var now = time.GetTimestamp();
        Volatile.Write(ref _sentAt, now);
        return now;
    }

    /// <param name="sentAt">When it was sent: the mark is younger than this.</param>
    /// <param name="link">The link over which it was sent.</param>
    public void Confirmed(long sentAt, RespLink link) => Volatile.Write(ref _confirmation, new Confirmation(sentAt, link, link.Life));

    public void Failed() => Volatile.Write(ref _sentAt, 0);

    private sealed record Confirmation(long SentAt, RespLink Link, string Life);
}
