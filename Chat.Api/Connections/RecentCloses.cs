namespace Chat.Api.Connections;

/// <summary>How connections have ended during the last minutes, by reason: for people who look at a node, as metrics do for machines.</summary>
internal sealed class RecentCloses(TimeProvider time)
{
    public const int Minutes = 10;

    private readonly Lock _gate = new(); // guards the rest
    private readonly (long Minute, Dictionary<CloseReason, int> Counts)[] _minutes = [.. Enumerable.Repeat(0, Minutes).Select(static _ => (0L, new Dictionary<CloseReason, int>()))];

    private long Minute => (long)time.GetElapsedTime(0).TotalMinutes;

    public void Add(CloseReason reason)
    {
        // Texts of a backend's own could be any number.
        var known = reason.Code == CloseReason.Disconnected.Code ? CloseReason.Disconnected : reason;
        lock (_gate)
        {
            var minute = Minute;
            ref var current = ref _minutes[minute % Minutes];
            if (current.Minute != minute)
            {
                current.Minute = minute;
                current.Counts.Clear();
            }

            current.Counts[known] = current.Counts.GetValueOrDefault(known) + 1;
        }
    }

    /// <summary>The most frequent first.</summary>
    public IReadOnlyList<(CloseReason Reason, int Count)> Read()
    {
        lock (_gate)
        {
            var since = Minute - Minutes;
            return
            [
                .. _minutes.Where(minute => minute.Minute > since).SelectMany(static minute => minute.Counts)
                    .GroupBy(static count => count.Key, static count => count.Value)
                    .Select(static counts => (Reason: counts.Key, Count: counts.Sum()))
                    .OrderByDescending(static close => close.Count),
            ];
        }
    }
}
