using System.Globalization;

namespace Chat.Faults.Checking;

/// <summary>What became of the messages.</summary>
internal sealed record Verdict
{
    public int Sent { get; init; }

    public int Acknowledged { get; init; }

    /// <summary>Messages whose senders were told that they failed. Chat's clients send those again.</summary>
    public int Refused { get; init; }

    /// <summary>How many messages members should have received: each acknowledged one, once for each other member of its topic.</summary>
    public int Expected { get; init; }

    /// <summary>How many of these a member has not received without being told.</summary>
    public int Lost { get; init; }

    /// <summary>How many of these a member has not received but was told of: it knows that there is a hole.</summary>
    public int Told { get; init; }

    /// <summary>Messages that reached a member twice, or that stand at two positions of a log.</summary>
    public int Duplicated { get; init; }

    /// <summary>Messages that reached a member behind one of a later position, or at a position where others have another message.</summary>
    public int Reordered { get; init; }

    /// <summary>Messages that reached somebody they were not for, or that nobody sent.</summary>
    public int Leaked { get; init; }

    /// <summary>Clients that were told that something may be missing.</summary>
    public int Holes { get; init; }

    /// <summary>Clients whose connection ended at least once.</summary>
    public int Interrupted { get; init; }

    /// <summary>The time from the end of the fault until all clients had all messages that were sent before it.</summary>
    public TimeSpan Recovery { get; init; }

    /// <summary>The longest time without a message for a member of a group that is not connected to the broken part.</summary>
    public TimeSpan Gap { get; init; }

    /// <summary>Who has not received which message, or received it again, in words.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<string> Losses { get; init; } = [];

    /// <summary>Whether nothing more can arrive.</summary>
    public bool IsSettled => Lost == 0 && Acknowledged + Refused == Sent;

    /// <summary>The worst of several runs; counts are added.</summary>
    public static Verdict operator +(Verdict one, Verdict other) => new()
    {
        Sent = one.Sent + other.Sent,
        Acknowledged = one.Acknowledged + other.Acknowledged,
        Refused = one.Refused + other.Refused,
        Expected = one.Expected + other.Expected,
        Lost = one.Lost + other.Lost,
        Told = one.Told + other.Told,
        Duplicated = one.Duplicated + other.Duplicated,
        Reordered = one.Reordered + other.Reordered,
        Leaked = one.Leaked + other.Leaked,
        Holes = one.Holes + other.Holes,
        Interrupted = one.Interrupted + other.Interrupted,
        Recovery = one.Recovery > other.Recovery ? one.Recovery : other.Recovery,
        Gap = one.Gap > other.Gap ? one.Gap : other.Gap,
    };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"lost {Lost}, duplicated {Duplicated}, reordered {Reordered}, leaked {Leaked}; sent {Sent}, acknowledged {Acknowledged}, due {Expected}, told of {Told} in {Holes} clients, "
        + $"interrupted {Interrupted}, recovery {Recovery.TotalSeconds:0.0} s, gap {Gap.TotalSeconds:0.0} s");
}
