namespace Chat.Api.Redis;

/// <summary>What this node knows of the mark of one topic (<see cref="EventMarks"/>).</summary>
/// <remarks>Times are those at which the command was sent, so the mark is younger.</remarks>
internal sealed class TopicMark(ReadOnlyMemory<byte> topic, TimeProvider time)
{
    private long _sentAt; // 0: never, or it failed
    private long _confirmedAt; // 0: never

    public ReadOnlyMemory<byte> Topic => topic;

    /// <summary>Whether it is time to mark the topic, again or for the first time.</summary>
    public bool IsDue => Volatile.Read(ref _sentAt) is var at && (at == 0 || time.GetElapsedTime(at) >= EventMarks.RenewAfter);

    /// <summary>Whether the topic is marked for certain.</summary>
    public bool Stands => Volatile.Read(ref _confirmedAt) is not 0 and var at && time.GetElapsedTime(at) < EventMarks.StandsFor;

    /// <summary>Returns when it was.</summary>
    public long Sending()
    {
        var now = time.GetTimestamp();
        Volatile.Write(ref _sentAt, now);
        return now;
    }

    public void Confirmed(long sentAt) => Volatile.Write(ref _confirmedAt, sentAt);

    public void Failed() => Volatile.Write(ref _sentAt, 0);
}
