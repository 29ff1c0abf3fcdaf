namespace Chat.Bench.Workloads;

/// <summary>What all loops of one repetition share.</summary>
/// <param name="Run">In all of its messages and names.</param>
/// <param name="Seating">Who hears whom.</param>
/// <param name="Size">Of a message's text, in bytes.</param>
/// <param name="UnderWay">Deliveries that are due.</param>
internal sealed record Round(uint Run, Seating Seating, int Size, UnderWay UnderWay)
{
    private uint _from;
    private uint _length;

    /// <summary>Whether what is due then counts: times are the lower 32 bits.</summary>
    public bool IsMeasured(uint dueAt) => dueAt - Volatile.Read(ref _from) < Volatile.Read(ref _length);

    public void Measure(long from, long to)
    {
        Volatile.Write(ref _from, (uint)from);
        Volatile.Write(ref _length, (uint)(to - from));
    }
}

/// <summary>How many deliveries are due and have not come, as far as is known.</summary>
internal sealed class UnderWay
{
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Add(long count) => Interlocked.Add(ref _count, count);

    /// <summary>What has not come by now is not waited for.</summary>
    public void Forget() => Interlocked.Exchange(ref _count, 0);
}
