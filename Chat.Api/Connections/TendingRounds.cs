namespace Chat.Api.Connections;

/// <summary>Decides which connection is pinged in which round. After a standstill of the node, all are pinged, and have as long to answer
/// as always.</summary>
internal sealed class TendingRounds(TimeProvider time, TimeSpan pingInterval, TimeSpan silenceLimit)
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly long _rounds = Math.Max(1, (long)(pingInterval / Period));
    private readonly TimeSpan _standstill = Max(Period * 2, (silenceLimit - pingInterval) / 2); // a shorter standstill leaves time for an answer
    private long _round = -1;
    private long _now = time.GetTimestamp();
    private long? _awakeAt;

    /// <summary>Begins the next round.</summary>
    public void Next()
    {
        var now = time.GetTimestamp();
        _awakeAt = time.GetElapsedTime(_now, now) >= _standstill ? now : _awakeAt;
        (_round, _now) = (_round + 1, now);
    }

    public TendingRound Of(Connection connection)
    {
        TimeSpan? awakeFor = _awakeAt is { } at ? time.GetElapsedTime(at, _now) : null;
        return new TendingRound(_now, awakeFor == TimeSpan.Zero || (_round + connection.Number) % _rounds == 0, awakeFor);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
