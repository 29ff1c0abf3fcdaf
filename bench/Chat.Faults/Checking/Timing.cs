namespace Chat.Faults.Checking;

/// <summary>Measures recovery times and gaps.</summary>
internal static class Timing
{
    /// <summary>The time from the end of the fault until all clients had all messages that were sent before it, and their senders the acknowledgements.</summary>
    public static TimeSpan Recovery(Ledger ledger, List<SentMessage> acknowledged, List<Arrival[]> arrivals, TimeSpan ended)
    {
        var last = ended;
        foreach (var arrival in arrivals.SelectMany(came => came))
        {
            if (arrival.At > last && (arrival.IsHole || ledger.Find(arrival.Text!)?.SentAt < ended))
            {
                last = arrival.At;
            }
        }

        foreach (var message in acknowledged.Where(message => message.SentAt < ended && message.AcknowledgedAt > last))
        {
            last = message.AcknowledgedAt!.Value;
        }

        return last - ended;
    }

    /// <summary>The longest time without a message for a member of a group that is not connected to the broken part, since just before the fault.</summary>
    public static TimeSpan LongestGap(IReadOnlyList<IReceiver> clients, List<Arrival[]> arrivals, Fault fault)
    {
        var longest = TimeSpan.Zero;
        foreach (var (client, came) in clients.Zip(arrivals).Where(pair => !pair.First.WasInterrupted && !fault.Hit.Contains(pair.First.Name)))
        {
            var last = TimeSpan.MaxValue;
            foreach (var arrival in came.Where(arrival => arrival.Topic.StartsWith("group:", StringComparison.Ordinal)))
            {
                longest = arrival.At > fault.Began && arrival.At - last > longest ? arrival.At - last : longest;
                last = arrival.At;
            }
        }

        return longest;
    }
}
