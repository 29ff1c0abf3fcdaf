using System.Globalization;

namespace Chat.Faults.Checking;

/// <summary>What became of the messages.</summary>
internal sealed record Verdict
{
    public int Sent { get; init; }

    public int Acknowledged { get; init; }

    /// <summary>Messages of which the sender was told that they failed. Chat's clients send those again.</summary>
    public int Refused { get; init; }

    /// <summary>How many messages members should have got: each acknowledged one, once per other member of its topic.</summary>
    public int Expected { get; init; }

    /// <summary>Of these, messages that a member has not got, and was not told of.</summary>
    public int Lost { get; init; }

    /// <summary>Of these, messages that a member has not got, but was told of: it knows that there is a hole.</summary>
    public int Told { get; init; }

    /// <summary>Messages that came twice to a member, or stand at two positions of a log.</summary>
    public int Duplicated { get; init; }

    /// <summary>Messages that came to a member behind one of a later position, or where others have another one.</summary>
    public int Reordered { get; init; }

    /// <summary>Messages that came to somebody they were not for, or that nobody sent.</summary>
    public int Leaked { get; init; }

    /// <summary>Clients that were told that something may be missing.</summary>
    public int Holes { get; init; }

    /// <summary>Clients whose connection ended at least once.</summary>
    public int Interrupted { get; init; }

    /// <summary>From the end of the fault until everybody had everything that was sent before it.</summary>
    public TimeSpan Recovery { get; init; }

    /// <summary>The longest time without a message for a member of a group that has nothing to do with what broke.</summary>
    public TimeSpan Gap { get; init; }

    /// <summary>Who has not got what, or got it again, in words.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<string> Losses { get; init; } = [];

    /// <summary>Nothing more can come.</summary>
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
