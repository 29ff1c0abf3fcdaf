namespace Chat.Bench.Workloads;

/// <summary>The data that all loops of one repetition share.</summary>
/// <param name="Run">The number in all of its messages and names.</param>
/// <param name="Seating">Who receives whose messages.</param>
/// <param name="Size">The size of a message's text, in bytes.</param>
/// <param name="UnderWay">Deliveries that are due.</param>
internal sealed record Round(uint Run, Seating Seating, int Size, UnderWay UnderWay)
{
    private uint _from;
    private uint _length;

    /// <summary>Whether a message due at this time counts. Times are the lower 32 bits.</summary>
    public bool IsMeasured(uint dueAt) => dueAt - Volatile.Read(ref _from) < Volatile.Read(ref _length);

    public void Measure(long from, long to)
    {
        Volatile.Write(ref _from, (uint)from);
        Volatile.Write(ref _length, (uint)(to - from));
    }
}

/// <summary>How many deliveries are due and have not arrived, as far as is known.</summary>
internal sealed class UnderWay
{
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Add(long count) => Interlocked.Add(ref _count, count);

    /// <summary>Stops waiting for deliveries that have not arrived by now.</summary>
    public void Forget() => Interlocked.Exchange(ref _count, 0);
}
