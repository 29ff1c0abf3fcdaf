namespace Chat.Bench.Measuring;

/// <summary>What the connections of one thread have seen. Written by that thread; others may look at what only grows.</summary>
internal sealed class Counts
{
    private long _received;
    private int _ready;
    private int _ended;

    /// <summary>Deliveries, each once.</summary>
    public long Received => Volatile.Read(ref _received);

    public int Ready => Volatile.Read(ref _ready);

    /// <summary>Connections that failed, or that the server closed.</summary>
    public int Ended => Volatile.Read(ref _ended);

    public long Sent { get; set; }

    /// <summary>Sent within the measured time.</summary>
    public long SentMeasured { get; set; }

    public long Doubled { get; set; }

    public long OutOfOrder { get; set; }

    /// <summary>Deliveries to whom they were not meant for.</summary>
    public long Strange { get; set; }

    /// <summary>Errors that the server told.</summary>
    public long Refused { get; set; }

    /// <summary>The first thing that went wrong, in words.</summary>
    public string? Complaint { get; private set; }

    /// <summary>Of deliveries whose messages were due in the measured time, in microseconds.</summary>
    public Histogram Latency { get; } = new();

    /// <summary>From the socket to being where messages are heard, in microseconds.</summary>
    public Histogram Connecting { get; } = new();

    public void AddReceived(long count) => Volatile.Write(ref _received, _received + count);

    public void AddReady(int count) => Volatile.Write(ref _ready, _ready + count);

    public void AddEnded(string why)
    {
        Complain(why);
        Volatile.Write(ref _ended, _ended + 1);
    }

    public void Complain(string what) => Complaint ??= what;
}
