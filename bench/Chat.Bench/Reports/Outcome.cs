namespace Chat.Bench.Reports;

/// <summary>What one repetition came to.</summary>
internal sealed record Outcome
{
    /// <summary>How long was measured.</summary>
    public double Seconds { get; init; }

    public int Ready { get; init; }

    public double MessagesPerSecond { get; init; }

    public double DeliveriesPerSecond { get; init; }

    /// <summary>From Redis, to all nodes, everything included; 0: not known.</summary>
    public double RedisBytesPerMessage { get; init; }

    /// <summary>How often a message leaves Redis: once for each node with members; 0: not known.</summary>
    public double RedisCopies { get; init; }

    /// <summary>How long it took until all were in.</summary>
    public double ConnectSeconds { get; init; }

    /// <summary>Milliseconds: from when a message was due until it came; of a storm, from opening a socket until being in.</summary>
    public Times Times { get; init; } = new(0, 0, 0, 0);

    public Faults Faults { get; init; } = new();

    public IReadOnlyList<ProcessUse> Processes { get; init; } = [];

    /// <summary>This program.</summary>
    public ProcessUse Generator { get; init; } = new("generator", 0, 0, 0, 0, 0);

    /// <summary>What everything else on this machine took.</summary>
    public double OtherCores { get; init; }

    /// <summary>The first thing that went wrong, in the server's words or ours.</summary>
    public string? Complaint { get; init; }
}

internal sealed record Times(double Median, double P99, double P999, double Max);

/// <summary>What a process took.</summary>
/// <param name="Name">Which one.</param>
/// <param name="Cores">On average.</param>
/// <param name="CpuPer">Microseconds of CPU for each delivery, or each connection of a storm.</param>
/// <param name="SystemShare">Of its CPU, that in the kernel.</param>
/// <param name="MemoryMiB">At the end.</param>
/// <param name="KiBPerConnection">By how much it grew, for each connection.</param>
internal sealed record ProcessUse(string Name, double Cores, double CpuPer, double SystemShare, double MemoryMiB, double KiBPerConnection);

/// <summary>What must not be.</summary>
internal sealed record Faults
{
    public long Expected { get; init; }

    public long Received { get; init; }

    public long Lost { get; init; }

    public long Doubled { get; init; }

    public long OutOfOrder { get; init; }

    /// <summary>Came to somebody they were not meant for.</summary>
    public long Strange { get; init; }

    /// <summary>Errors that the server told.</summary>
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
