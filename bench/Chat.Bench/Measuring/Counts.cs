namespace Chat.Bench.Measuring;

/// <summary>The counts of one thread's connections. That thread writes them; others may read those that only grow.</summary>
internal sealed class Counts
{
    private long _received;
    private int _ready;
    private int _ended;

    /// <summary>Deliveries, without repetitions.</summary>
    public long Received => Volatile.Read(ref _received);

    public int Ready => Volatile.Read(ref _ready);

    /// <summary>Connections that failed, or that the server closed.</summary>
    public int Ended => Volatile.Read(ref _ended);

    public long Sent { get; set; }

    /// <summary>Messages sent within the measured time.</summary>
    public long SentMeasured { get; set; }

    public long Doubled { get; set; }

    public long OutOfOrder { get; set; }

    /// <summary>Deliveries to clients that they were not meant for.</summary>
    public long Strange { get; set; }

    /// <summary>Errors that the server reported.</summary>
    public long Refused { get; set; }

    /// <summary>The first thing that went wrong, in words.</summary>
    public string? Complaint { get; private set; }

    /// <summary>Latency of deliveries whose messages were due in the measured time, in microseconds.</summary>
    public Histogram Latency { get; } = new();

    /// <summary>Time from opening the socket until messages are received, in microseconds.</summary>
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
