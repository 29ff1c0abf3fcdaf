namespace Chat.Bench.Measuring;

/// <summary>What one receiver has had of one sender's messages, which are numbered from 0. Costs memory only where something is missing.</summary>
internal struct Track
{
    private uint _next;
    private List<(uint From, uint To)>? _holes; // what is missing before the next; To is not missing any more

    /// <summary>Takes note of a message.</summary>
    public Arrival Take(uint number)
    {
        if (number == _next)
        {
            _next++;
            return Arrival.InOrder;
        }

        if (number > _next)
        {
            (_holes ??= []).Add((_next, number));
            _next = number + 1;
            return Arrival.InOrder; // should what is missing come after all, then that is what is late
        }

        return TryFill(number) ? Arrival.Late : Arrival.Again;
    }

    /// <summary>How many are missing of as many as were sent.</summary>
    public readonly long Missing(uint sent) => Math.Max(0L, (long)sent - _next) + (_holes?.Sum(hole => (long)hole.To - hole.From) ?? 0);

    private readonly bool TryFill(uint number)
    {
        var at = _holes?.FindIndex(hole => hole.From <= number && number < hole.To) ?? -1;
        if (at < 0)
        {
            return false;
        }

        var (from, to) = _holes![at];
        _holes.RemoveAt(at);
        _holes.AddRange(new[] { (From: from, To: number), (From: number + 1, To: to) }.Where(rest => rest.From < rest.To));
        return true;
    }
}

internal enum Arrival
{
    InOrder,

    /// <summary>After a later one of the same sender.</summary>
    Late,

    /// <summary>Not for the first time.</summary>
    Again,
}
