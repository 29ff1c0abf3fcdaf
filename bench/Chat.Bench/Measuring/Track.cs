namespace Chat.Bench.Measuring;

/// <summary>One receiver's record of one sender's messages, which are numbered from 0. It costs memory only where messages are missing.</summary>
internal struct Track
{
    private uint _next;
    private List<(uint From, uint To)>? _holes; // missing ranges before _next; To is exclusive

    /// <summary>Records a message.</summary>
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
            return Arrival.InOrder; // if a missing message still comes, that one counts as late
        }

        return TryFill(number) ? Arrival.Late : Arrival.Again;
    }

    /// <summary>How many of the messages sent are missing.</summary>
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

    /// <summary>It came after a later one of the same sender.</summary>
    Late,

    /// <summary>It came before already.</summary>
    Again,
}
