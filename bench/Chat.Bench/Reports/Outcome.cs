namespace Chat.Bench.Reports;

/// <summary>The outcome of one repetition.</summary>
internal sealed record Outcome
{
    /// <summary>The measured time.</summary>
    public double Seconds { get; init; }

    public int Ready { get; init; }

    public double MessagesPerSecond { get; init; }

    public double DeliveriesPerSecond { get; init; }

    /// <summary>Bytes from Redis to all nodes for each message, including all other traffic; 0 if not known.</summary>
    public double RedisBytesPerMessage { get; init; }

    /// <summary>How often a message leaves Redis: once for each node with members; 0 if not known.</summary>
    public double RedisCopies { get; init; }

    /// <summary>Seconds until all clients had connected.</summary>
    public double ConnectSeconds { get; init; }

    /// <summary>Milliseconds from when a message was due until it arrived. In a storm, from opening a socket until the connection is ready.</summary>
    public Times Times { get; init; } = new(0, 0, 0, 0);

    public Faults Faults { get; init; } = new();

    public IReadOnlyList<ProcessUse> Processes { get; init; } = [];

    /// <summary>This program.</summary>
    public ProcessUse Generator { get; init; } = new("generator", 0, 0, 0, 0, 0);

    /// <summary>Cores used by everything else on this machine.</summary>
    public double OtherCores { get; init; }

    /// <summary>The first thing that went wrong, in the words of the server or of this program.</summary>
    public string? Complaint { get; init; }
}

internal sealed record Times(double Median, double P99, double P999, double Max);

/// <summary>The resources that a process used.</summary>
/// <param name="Name">The process.</param>
/// <param name="Cores">Cores, on average.</param>
/// <param name="CpuPer">Microseconds of CPU for each delivery, or for each connection of a storm.</param>
/// <param name="SystemShare">The share of its CPU that it spent in the kernel.</param>
/// <param name="MemoryMiB">Its memory at the end.</param>
/// <param name="KiBPerConnection">How much it grew for each connection.</param>
internal sealed record ProcessUse(string Name, double Cores, double CpuPer, double SystemShare, double MemoryMiB, double KiBPerConnection);

/// <summary>Faults, none of which may occur.</summary>
internal sealed record Faults
{
    public long Expected { get; init; }

    public long Received { get; init; }

    public long Lost { get; init; }

    public long Doubled { get; init; }

    public long OutOfOrder { get; init; }

    /// <summary>Messages that reached a client they were not meant for.</summary>
    public long Strange { get; init; }

    /// <summary>Errors that the server reported.</summary>
    public long Refused { get; init; }

    /// <summary>Connections that failed, or that the server closed.</summary>
    public long Ended { get; init; }

    public bool AreNone => Lost + Doubled + OutOfOrder + Strange + Ended == 0;

    public static Faults operator +(Faults one, Faults other) => new()
    {
        Expected = one.Expected + other.Expected,
        Received = one.Received + other.Received,
        Lost = one.Lost + other.Lost,
        Doubled = one.Doubled + other.Doubled,
        OutOfOrder = one.OutOfOrder + other.OutOfOrder,
        Strange = one.Strange + other.Strange,
        Refused = one.Refused + other.Refused,
        Ended = one.Ended + other.Ended,
    };
}
